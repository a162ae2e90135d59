/** Light, dark, or as the system has it; and the colours a canvas needs as plain values. */
import { useSyncExternalStore } from 'react';
import { writeStored } from './stored';

export type Theme = 'auto' | 'light' | 'dark';

const order: Theme[] = ['auto', 'light', 'dark'];
const watchers = new Set<() => void>();
const systemDark = '(prefers-color-scheme: dark)';

function current(): Theme {
  const theme = document.documentElement.dataset['theme'];
  return theme === 'light' || theme === 'dark' ? theme : 'auto';
}

export function nextTheme(theme: Theme): Theme {
  return order[(order.indexOf(theme) + 1) % order.length] ?? 'auto';
}

export function setTheme(theme: Theme): void {
  if (theme === 'auto') delete document.documentElement.dataset['theme'];
  else document.documentElement.dataset['theme'] = theme;
  writeStored('theme', theme);
  for (const watcher of watchers) watcher();
}

function watch(watcher: () => void): () => void {
  const media = window.matchMedia(systemDark);
  watchers.add(watcher);
  media.addEventListener('change', watcher);
  return () => {
    watchers.delete(watcher);
    media.removeEventListener('change', watcher);
  };
}

export function useTheme(): Theme {
  return useSyncExternalStore(watch, current);
}

/** What is on the screen now, for things that cannot use the style sheet's variables. */
export function useShownTheme(): 'light' | 'dark' {
  return useSyncExternalStore(watch, () => {
    const theme = current();
    if (theme !== 'auto') return theme;
    return window.matchMedia(systemDark).matches ? 'dark' : 'light';
  });
}

/** The colour of a token, as the browser resolves it now. */
export function tokenColour(name: string): string {
  const probe = document.createElement('span');
  probe.style.color = `var(--${name})`;
  probe.hidden = true;
  document.body.append(probe);
  const colour = getComputedStyle(probe).color;
  probe.remove();
  return colour;
}
