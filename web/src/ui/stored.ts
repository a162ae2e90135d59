/** What the page remembers in this browser. Storage may be full or forbidden: then it forgets. */

const PREFIX = 'bellwether.';

export function readStored(key: string): unknown {
  try {
    const text = window.localStorage.getItem(PREFIX + key);
    return text === null ? null : JSON.parse(text);
  } catch {
    return null;
  }
}

export function writeStored(key: string, value: unknown): void {
  try {
    window.localStorage.setItem(PREFIX + key, JSON.stringify(value));
  } catch {
    // The page works without memory; the next visit starts with the defaults.
  }
}

export function removeStored(key: string): void {
  try {
    window.localStorage.removeItem(PREFIX + key);
  } catch {
    // Nothing was remembered then.
  }
}

/** Another tab of this browser changed the same thing. */
export function watchStored(key: string, run: (value: unknown) => void): () => void {
  function changed(event: StorageEvent) {
    if (event.key === PREFIX + key) run(readStored(key));
  }
  window.addEventListener('storage', changed);
  return () => window.removeEventListener('storage', changed);
}
