/** One way to ask the server over HTTP; refusals come back as the problem the server described. */
import type { Problem } from '../domain/api-types';

export class RequestError extends Error {
  constructor(
    readonly status: number,
    message: string,
    /** The server's name for the refusal, where it gives one. */
    readonly code: string | null = null,
  ) {
    super(message);
    this.name = 'RequestError';
  }
}

/** Nothing came back: whether the server did what it was asked is not known. */
export function unreachable(): RequestError {
  return new RequestError(0, 'The server cannot be reached.');
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
    throw unreachable();
  }
  if (answer.ok) return (await answer.json()) as T;
  throw await refusalOf(answer);
}

/** Sends something; the answer, or null where it has no body. */
export async function sendJson<T>(method: string, path: string, body?: unknown): Promise<T> {
  let answer: Response;
  try {
    answer = await fetch(path, {
      method,
      headers: {
        accept: 'application/json',
        // What no form of another site can send.
        'x-bellwether': '1',
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  } catch {
    throw unreachable();
  }
  if (!answer.ok) throw await refusalOf(answer);
  return (answer.status === 204 ? null : await answer.json()) as T;
}

export async function refusalOf(answer: Response): Promise<RequestError> {
  let problem: Partial<Problem> & { code?: unknown } = {};
  try {
    problem = (await answer.json()) as typeof problem;
  } catch {
    // A proxy in between may answer without a body of ours; the status still says enough.
  }
  return new RequestError(
    answer.status,
    problem.detail ?? problem.title ?? `The server answered ${answer.status}.`,
    typeof problem.code === 'string' ? problem.code : null,
  );
}

/** Asking again helps when the server was away or busy, never when it refused. */
export function worthRetrying(error: unknown): boolean {
  if (!(error instanceof RequestError)) return true;
  return error.status === 0 || error.status === 429 || error.status >= 500;
}
