/** One of a few, as buttons in a row. */

type Props<T extends string> = {
  label: string;
  options: { value: T; label: string; hint: string }[];
  value: T;
  onChoose: (value: T) => void;
};

export function Choice<T extends string>({ label, options, value, onChoose }: Props<T>) {
  return (
    <div className="choice" role="group" aria-label={label}>
      {options.map((option) => (
        <button
          key={option.value}
          type="button"
          className="choice__one"
          title={option.hint}
          aria-pressed={option.value === value}
          onClick={() => onChoose(option.value)}
        >
          {option.label}
        </button>
      ))}
    </div>
  );
}
