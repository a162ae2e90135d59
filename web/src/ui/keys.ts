/** Keys that work anywhere must not steal letters from someone who is typing. */

import { readStored, writeStored } from './stored';

export function isTyping(event: KeyboardEvent): boolean {
  const target = event.target;
  if (!(target instanceof HTMLElement)) return false;
  return target.isContentEditable || /^(input|textarea|select)$/i.test(target.tagName);
}

/** Keys of one character can be switched off: speech input may press them by accident. */
export function singleKeysOn(): boolean {
  return readStored('keys') !== 'off';
}

export function setSingleKeys(on: boolean): void {
  writeStored('keys', on ? 'on' : 'off');
}

export function isDialogOpen(): boolean {
  return document.querySelector('dialog[open]') !== null;
}
