/** Keys that work anywhere must not steal letters from someone who is typing. */

export function isTyping(event: KeyboardEvent): boolean {
  const target = event.target;
  if (!(target instanceof HTMLElement)) return false;
  return target.isContentEditable || /^(input|textarea|select)$/i.test(target.tagName);
}

export function isDialogOpen(): boolean {
  return document.querySelector('dialog[open]') !== null;
}
