/** Short messages that may offer to take back what was just done. */
import {
  createContext,
  useCallback,
  useContext,
  useEffect,
  useMemo,
  useRef,
  useState,
  type ReactNode,
} from 'react';
import { isTyping } from './keys';

export type Toast = { text: string; undo?: () => void };
type Shown = Toast & { key: number };
type Toaster = { show(toast: Toast): void; announce(text: string): void };

export const TOAST_MS = 8_000;

const Context = createContext<Toaster | null>(null);

export function useToaster(): Toaster {
  const toaster = useContext(Context);
  if (!toaster) throw new Error('no ToastProvider above');
  return toaster;
}

export function ToastProvider({ children }: { children: ReactNode }) {
  const [shown, setShown] = useState<Shown | null>(null);
  const [said, setSaid] = useState('');
  const held = useRef(false);
  const nextKey = useRef(0);

  const show = useCallback((toast: Toast) => {
    nextKey.current += 1;
    held.current = false;
    setShown({ ...toast, key: nextKey.current });
  }, []);

  const undo = useCallback(() => {
    shown?.undo?.();
    setShown(null);
  }, [shown]);

  useEffect(() => {
    if (!shown) return;
    let left = TOAST_MS;
    const timer = window.setInterval(() => {
      if (held.current) return;
      left -= 500;
      if (left <= 0) setShown(null);
    }, 500);
    function onKey(event: KeyboardEvent) {
      const pressed = (event.ctrlKey || event.metaKey) && !event.shiftKey && event.key === 'z';
      if (!pressed || !shown?.undo || isTyping(event)) return;
      event.preventDefault();
      undo();
    }
    window.addEventListener('keydown', onKey);
    return () => {
      window.clearInterval(timer);
      window.removeEventListener('keydown', onKey);
    };
  }, [shown, undo]);

  const toaster = useMemo(() => ({ show, announce: setSaid }), [show]);

  return (
    <Context.Provider value={toaster}>
      {children}
      <div className="unseen" aria-live="polite">
        {said}
      </div>
      <div className="toasts" role="status">
        {shown && (
          // Pointing at a message or focusing its button holds it.
          <div
            key={shown.key}
            className="toast"
            onPointerEnter={() => (held.current = true)}
            onPointerLeave={() => (held.current = false)}
            onFocus={() => (held.current = true)}
            onBlur={() => (held.current = false)}
          >
            <span>{shown.text}</span>
            {shown.undo && (
              <button type="button" className="button" onClick={undo}>
                Undo
              </button>
            )}
          </div>
        )}
      </div>
    </Context.Provider>
  );
}
