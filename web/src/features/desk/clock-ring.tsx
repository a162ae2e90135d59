/** The time a ticket still has, as a ring and in seconds. */
import { countdown, formatCountdown, LAST_CALL_S } from '../../domain/countdown';
import type { TicketBody } from '../../domain/api-types';
import { useServerNow } from './hooks';

const RADIUS = 19;
const AROUND = 2 * Math.PI * RADIUS;

export function ClockRing({ ticket }: { ticket: TicketBody }) {
  const now = useServerNow(200);
  const { seconds, part } = countdown(ticket, now);
  return (
    // What it says is announced at the start, near the end and at the end, not every second.
    <div className="ring" data-last={seconds <= LAST_CALL_S} role="timer" aria-live="off">
      <svg viewBox="0 0 44 44" width="44" height="44" aria-hidden="true">
        <circle className="ring__track" cx="22" cy="22" r={RADIUS} />
        <circle
          className="ring__left"
          cx="22"
          cy="22"
          r={RADIUS}
          strokeDasharray={AROUND}
          strokeDashoffset={AROUND * (1 - part)}
        />
      </svg>
      <span className="ring__text">{formatCountdown(seconds)}</span>
      <span className="unseen"> left</span>
    </div>
  );
}
