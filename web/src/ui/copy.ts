/** Puts a text on the clipboard; answers whether it is there. */

export async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    // Without TLS, or without leave: the old way still works from a press of a button.
    return copySelected(text);
  }
}

function copySelected(text: string): boolean {
  const place = document.querySelector('dialog[open]') ?? document.body;
  const field = document.createElement('textarea');
  field.value = text;
  field.readOnly = true;
  field.className = 'unseen';
  const before = document.activeElement;
  place.append(field);
  field.select();
  let isDone = false;
  try {
    isDone = document.execCommand('copy');
  } catch {
    isDone = false;
  }
  field.remove();
  if (before instanceof HTMLElement) before.focus();
  return isDone;
}
