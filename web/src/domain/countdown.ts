/** The clock of a ticket: how long it can still be committed, and what is said of it aloud. */
import { parseTime } from './time';

/** Seconds before the end at which it is said once more. */
export const LAST_CALL_S = 10;

export type Countdown = {
  /** Whole seconds, rounded up, so that 1 is shown until the very end. */
  seconds: number;
  /** What is left of the whole time, 1 to 0. */
  part: number;
  isOver: boolean;
};

type Times = { created_at: string; expires_at: string };

/** `now` is the server's clock, as far as the page knows it. */
export function countdown({ created_at, expires_at }: Times, now: number): Countdown {
  const end = parseTime(expires_at);
  if (end === null) return { seconds: 0, part: 0, isOver: true };
  const begin = parseTime(created_at) ?? end;
  const left = Math.max(0, end - now);
  const whole = Math.max(1, end - begin);
  return {
    seconds: Math.ceil(left / 1000),
    part: Math.min(1, left / whole),
    // At the very millisecond it is still good.
    isOver: now > end,
  };
}

export type Call = 'begun' | 'last' | 'over';

/** What is due to be said, given what was said before; nothing is said twice or late. */
export function callDue(said: Call | null, { seconds, isOver }: Countdown): Call | null {
  if (isOver) return said === 'over' ? null : 'over';
  if (said === null) return 'begun';
  return said === 'begun' && seconds <= LAST_CALL_S ? 'last' : null;
}

/** `0:42`. */
export function formatCountdown(seconds: number): string {
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
}
