/** Why something was not done, beside where it was asked for. */
import type { Refusal } from '../../domain/refusal';

export function RefusalNote({ id, refusal }: { id?: string; refusal: Refusal | null }) {
  return (
    // Always there, so that what appears in it is read aloud.
    <div className="refusal-slot" role="alert" {...(id ? { id } : {})}>
      {refusal && (
        <p className="refusal" data-code={refusal.code}>
          <span aria-hidden="true">{refusal.isUnknown ? '?' : '!'}</span>
          <span>
            <strong>{refusal.message}</strong> {refusal.hint}
          </span>
        </p>
      )}
    </div>
  );
}
