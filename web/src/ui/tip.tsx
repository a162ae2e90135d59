/** A few words that show themselves where one points or has the focus; Escape hides them. */
import { useId, useRef, useState, type ReactNode } from 'react';
import './tip.css';

type Props = {
  /** What it says; without words there is no tip. */
  words: readonly string[];
  /** Gets what names the words, for its `aria-describedby`. */
  children: (describedBy: string | undefined) => ReactNode;
};

export function Tip({ words, children }: Props) {
  const id = useId();
  const place = useRef<HTMLSpanElement>(null);
  const [side, setSide] = useState<'start' | 'end' | null>(null);
  const has = words.length > 0;

  function show() {
    const { left, right } = place.current?.getBoundingClientRect() ?? { left: 0, right: 0 };
    setSide((left + right) / 2 > window.innerWidth / 2 ? 'end' : 'start');
  }

  return (
    // It only listens for what goes on at what it is about, which has the focus.
    // eslint-disable-next-line jsx-a11y/no-static-element-interactions
    <span
      className="tip"
      ref={place}
      onPointerEnter={show}
      onPointerLeave={() => setSide(null)}
      onFocus={show}
      onBlur={() => setSide(null)}
      onKeyDown={(event) => {
        if (event.key === 'Escape' && side !== null) {
          event.stopPropagation();
          setSide(null);
        }
      }}
    >
      {children(has ? id : undefined)}
      {has && (
        <span id={id} role="tooltip" className="tip__words" data-side={side} hidden={side === null}>
          {words.map((line) => (
            <span key={line}>{line}</span>
          ))}
        </span>
      )}
    </span>
  );
}
