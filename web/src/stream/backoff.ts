/** How long to wait before connecting again: doubling, capped, and jittered so that a crowd spreads. */

export const BACKOFF_FIRST_MS = 500;
export const BACKOFF_MAX_MS = 15_000;

/** `attempt` counts from 0; the answer lies between half of the step and all of it. */
export function backoffMs(attempt: number, random: number): number {
  const step = Math.min(BACKOFF_MAX_MS, BACKOFF_FIRST_MS * 2 ** Math.min(attempt, 10));
  return Math.round(step / 2 + (step / 2) * random);
}
