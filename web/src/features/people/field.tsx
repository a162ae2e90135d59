/** A field of the forms about people. */
import { useId } from 'react';
import './people.css';

type Props = {
  label: string;
  value: string;
  type?: 'text' | 'password';
  autoComplete: string;
  describedBy?: string;
  isWrong?: boolean;
  onChange: (value: string) => void;
};

export function Field(props: Props) {
  const { label, value, type = 'text', autoComplete, describedBy, isWrong, onChange } = props;
  const id = useId();
  return (
    <div className="door__field">
      <label htmlFor={id}>{label}</label>
      <input
        id={id}
        className="field"
        type={type}
        value={value}
        autoComplete={autoComplete}
        autoCapitalize="none"
        spellCheck={false}
        {...(describedBy ? { 'aria-describedby': describedBy } : {})}
        {...(isWrong ? { 'aria-invalid': true } : {})}
        onChange={(event) => onChange(event.target.value)}
      />
    </div>
  );
}
