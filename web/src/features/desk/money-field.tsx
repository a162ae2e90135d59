/** A field for dollars: digits, a point, and commas if one likes. */
import { useId, type Ref } from 'react';

type Props = {
  label: string;
  value: string;
  isWrong: boolean;
  /** The element that says what is wrong. */
  describedBy: string;
  onChange: (value: string) => void;
  ref?: Ref<HTMLInputElement>;
};

export function MoneyField({ label, value, isWrong, describedBy, onChange, ref }: Props) {
  const id = useId();
  return (
    <div className="money">
      <label htmlFor={id}>{label}</label>
      <div className="money__box">
        <span aria-hidden="true">$</span>
        <input
          id={id}
          ref={ref}
          className="money__input"
          inputMode="decimal"
          autoComplete="off"
          enterKeyHint="go"
          maxLength={24}
          value={value}
          aria-invalid={isWrong}
          aria-describedby={describedBy}
          onChange={(event) => onChange(event.target.value)}
          onFocus={(event) => event.target.select()}
        />
      </div>
    </div>
  );
}
