/** The strip at the foot of the page: where prices come from, and how well they arrive. */
import { useEffect, useState } from 'react';
import { formatClock, formatDelay } from '../../domain/time';
import { useLink, useStatus, useStream } from '../live';
import { FeedsDialog } from './feeds-dialog';
import { feedGlyph, feedName, feedWord, isSimulated, nextEvent, sessionGlyph, sessionWord } from './wording'; // prettier-ignore
import './status.css';

export function useSecond(now: () => number): number {
  const [time, setTime] = useState(now);
  useEffect(() => {
    const timer = window.setInterval(() => setTime(now()), 1000);
    return () => window.clearInterval(timer);
  }, [now]);
  return time;
}

export function StatusStrip() {
  const stream = useStream();
  const link = useLink();
  const heard = useStatus();
  const [detailed, setDetailed] = useState(false);
  const [serverNow] = useState(() => () => stream.serverNow());
  const now = useSecond(serverNow);
  const connected = link.phase === 'open';
  const status = heard?.status;
  const next = status && nextEvent(status.market, now);

  return (
    <footer className="strip" aria-label="Status">
      <button
        type="button"
        className="strip__feeds"
        disabled={!status}
        title="Data sources"
        onClick={() => setDetailed(true)}
      >
        {!status && <span>No data source yet</span>}
        {status?.feeds.length === 0 && <span>No data source</span>}
        {status?.feeds.map((feed) => {
          const state = connected ? feed.state : 'connecting';
          return (
            <span key={feed.name} className="strip__feed" data-state={state}>
              <span aria-hidden="true">{feedGlyph[state]}</span> {feedName(feed)}{' '}
              <span className="strip__quiet">{connected ? feedWord[state] : 'not connected'}</span>
              {connected && feed.delay_ms !== null && (
                <span className="strip__quiet strip__wide">
                  {' '}
                  · {formatDelay(feed.delay_ms)} late
                </span>
              )}
            </span>
          );
        })}
      </button>
      {status && isSimulated(status.feeds) && (
        <span className="strip__sim">
          <span aria-hidden="true">◇</span> Prices are made up
        </span>
      )}
      <span className="strip__gap" />
      {status && (
        <span className="strip__market" data-session={status.market.session}>
          <span aria-hidden="true">{sessionGlyph[status.market.session]}</span>{' '}
          {sessionWord[status.market.session]}
          {next && <span className="strip__quiet strip__wide"> · {next}</span>}
        </span>
      )}
      <span
        className="strip__quiet strip__wide"
        title="There and back between this page and the server"
      >
        {connected
          ? `Link ${link.roundTripMs === null ? '…' : formatDelay(link.roundTripMs)}`
          : 'No link'}
      </span>
      <time className="strip__clock" title="The server’s clock">
        {formatClock(now, 'America/New_York')} <span className="strip__quiet">ET</span>
      </time>
      {detailed && status && <FeedsDialog status={status} onClose={() => setDetailed(false)} />}
    </footer>
  );
}
