/** Why something was not done, said aloud where it was asked for. */

export function Refused({ id, words }: { id?: string; words: string | null }) {
  return (
    // Always there, so that what appears in it is read aloud.
    <div role="alert" {...(id ? { id } : {})}>
      {words !== null && words !== '' && (
        <p className="refused">
          <span aria-hidden="true">!</span>
          <span>{words}</span>
        </p>
      )}
    </div>
  );
}

export function wordsOf(error: unknown): string {
  const words = error instanceof Error ? error.message : 'The page could not read the answer.';
  const sentence = words.charAt(0).toUpperCase() + words.slice(1);
  return /[.!?…]$/.test(sentence) ? sentence : `${sentence}.`;
}
