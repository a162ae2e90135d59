/**
 * Sends what changes the account. Each command carries a key, so that a repeat after a cut is applied
 * once: the page repeats it once by itself, and again when the reader says so.
 */
import { refusalOf, RequestError, unreachable } from './request';

export type Command = {
  method: 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  path: string;
  body?: unknown;
  /** Names this wish, however often it is sent. */
  key: string;
};

export type CommandEnvironment = {
  fetch: typeof fetch;
  wait(ms: number): Promise<void>;
};

const browser: CommandEnvironment = {
  fetch: (input, init) => fetch(input, init),
  wait: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
};

/** Longer than any answer of a healthy server takes. */
const ANSWER_MAX_MS = 10_000;
const REPEAT_AFTER_MS = 600;

/** Random by hand: the browser's own needs https, and the desk may be reached without. */
export function newKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
  return [[0, 8], [8, 12], [12, 16], [16, 20], [20, 32]].map(([a, b]) => hex.slice(a, b)).join('-'); // prettier-ignore
}

async function once<T>({ method, path, body, key }: Command, env: CommandEnvironment): Promise<T> {
  let answer: Response;
  let text: string;
  try {
    answer = await env.fetch(path, {
      method,
      headers: {
        accept: 'application/json',
        'idempotency-key': key,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(ANSWER_MAX_MS),
    });
    // The line may be cut in the middle of an answer too.
    text = answer.ok ? await answer.text() : '';
  } catch {
    throw unreachable();
  }
  if (!answer.ok) throw await refusalOf(answer);
  return (text === '' ? undefined : JSON.parse(text)) as T;
}

/** Sends what the server does not know by its key, so that it is not repeated unasked. */
export function sendOnce<T>(command: Omit<Command, 'key'>, env = browser): Promise<T> {
  return once<T>({ ...command, key: newKey() }, env);
}

export async function sendCommand<T>(command: Command, env = browser): Promise<T> {
  try {
    return await once<T>(command, env);
  } catch (error) {
    if (!outcomeUnknown(error)) throw error;
    await env.wait(REPEAT_AFTER_MS);
    return once<T>(command, env);
  }
}

/** It may have been done or not; the same key asks again without doing it twice. */
export function outcomeUnknown(error: unknown): boolean {
  return error instanceof RequestError && (error.status === 0 || error.status === 502 || error.status === 504); // prettier-ignore
}
