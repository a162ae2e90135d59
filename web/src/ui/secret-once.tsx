/** Something that is shown this once: a link or a key, to be copied now. */
import { useEffect, useId, useRef, useState } from 'react';
import { CheckIcon } from './icons';
import { copyText } from './copy';
import './secret-once.css';

type Props = { label: string; value: string; hint: string };

export function SecretOnce({ label, value, hint }: Props) {
  const id = useId();
  const field = useRef<HTMLInputElement>(null);
  const [copied, setCopied] = useState<boolean | null>(null);
  // It has just come to be, and is what one wants next.
  useEffect(() => {
    field.current?.focus();
    // Its beginning says what it is.
    if (field.current) field.current.scrollLeft = 0;
  }, []);
  return (
    <div className="once">
      <label htmlFor={id}>{label}</label>
      <div className="once__row">
        <input
          id={id}
          ref={field}
          className="field once__field"
          readOnly
          value={value}
          aria-describedby={`${id}-hint`}
          onFocus={(event) => event.currentTarget.select()}
        />
        <button
          type="button"
          className="button button--main"
          onClick={() =>
            void copyText(value).then((isDone) => {
              setCopied(isDone);
              if (!isDone) field.current?.select();
            })
          }
        >
          {copied ? <CheckIcon /> : null} {copied ? 'Copied' : 'Copy'}
        </button>
      </div>
      <p id={`${id}-hint`} className="once__hint">
        {hint}
      </p>
      <p role="status" className={copied === false ? 'once__hint' : 'unseen'}>
        {copied === false && 'The browser does not allow copying: it is selected, press Ctrl C.'}
        {copied === true && 'Copied.'}
      </p>
    </div>
  );
}
