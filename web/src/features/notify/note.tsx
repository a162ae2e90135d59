/** What was refused, beside what was asked. */
type Props = { id: string; text: string | null };

export function Note({ id, text }: Props) {
  return (
    <div role="alert" id={id}>
      {text !== null && (
        <p className="reach__refusal">
          <span aria-hidden="true">!</span>
          <strong>{text}</strong>
        </p>
      )}
    </div>
  );
}
