/** A button for what cannot be taken back: asks once more, in its own place. */
import { useEffect, useRef, useState } from 'react';

type Props = {
  /** What stands on it, such as “Revoke”. */
  label: string;
  /** What it is done to, for who does not see the row. */
  of: string;
  /** The question, and what it would mean. */
  question: string;
  isBusy?: boolean;
  onSure: () => void;
};

export function SureButton({ label, of, question, isBusy = false, onSure }: Props) {
  const [isAsking, setAsking] = useState(false);
  const first = useRef<HTMLButtonElement>(null);
  const yes = useRef<HTMLButtonElement>(null);
  const wasAsking = useRef(false);
  useEffect(() => {
    if (isAsking) yes.current?.focus();
    else if (wasAsking.current) first.current?.focus();
    wasAsking.current = isAsking;
  }, [isAsking]);

  if (!isAsking)
    return (
      <button
        ref={first}
        type="button"
        className="button"
        aria-label={`${label} ${of}`}
        aria-disabled={isBusy}
        onClick={() => {
          if (!isBusy) setAsking(true);
        }}
      >
        {label}
      </button>
    );
  return (
    // Escape is a way out of the question, and not of the dialog around it.
    // eslint-disable-next-line jsx-a11y/no-static-element-interactions
    <span
      className="sure"
      onKeyDown={(event) => {
        if (event.key !== 'Escape') return;
        event.preventDefault();
        event.stopPropagation();
        setAsking(false);
      }}
    >
      <span className="sure__question">{question}</span>
      <button
        ref={yes}
        type="button"
        className="button sure__yes"
        aria-label={`${label} ${of} now. ${question}`}
        onClick={() => {
          setAsking(false);
          onSure();
        }}
      >
        {label}
      </button>
      <button type="button" className="button" onClick={() => setAsking(false)}>
        Keep
      </button>
    </span>
  );
}
