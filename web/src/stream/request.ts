/** One way to ask the server over HTTP; refusals come back as the problem the server described. */
import type { Problem } from '../domain/api-types';

export class RequestError extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
    this.name = 'RequestError';
  }
}

export async function getJson<T>(path: string, signal?: AbortSignal): Promise<T> {
  let answer: Response;
  try {
    answer = await fetch(path, {
      headers: { accept: 'application/json' },
      ...(signal ? { signal } : {}),
    });
  } catch (cause) {
    if (signal?.aborted) throw cause;
    throw new RequestError(0, 'The server cannot be reached.');
  }
  if (answer.ok) return (await answer.json()) as T;
  let problem: Partial<Problem> = {};
  try {
    problem = (await answer.json()) as Partial<Problem>;
  } catch {
    // A proxy in between may answer without a body of ours; the status still says enough.
  }
  throw new RequestError(
    answer.status,
    problem.detail ?? problem.title ?? `The server answered ${answer.status}.`,
  );
}

/** Asking again helps when the server was away or busy, never when it refused. */
export function worthRetrying(error: unknown): boolean {
  if (!(error instanceof RequestError)) return true;
  return error.status === 0 || error.status === 429 || error.status >= 500;
}
