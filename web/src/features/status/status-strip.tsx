/** The strip at the foot of the page: where prices come from, and how well they arrive. */
import { useEffect, useState } from 'react';
import { formatClock, formatDelay } from '../../domain/time';
import { recall } from '../instruments';
import type { StatusHeard } from '../../stream/stream';
import { useLink, useStatus, useStream } from '../live';
import { SourcesDialog } from './sources-dialog';
import { feedGlyph, feedName, feedWord, isSimulated, nextEvent, openBesides, sessionGlyph, sessionWord, unknownSince } from './wording'; // prettier-ignore
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
  const clock = formatClock(now, 'America/New_York');
  const connected = link.phase === 'open';
  const status = heard?.status;
  // Without a connection the last word on feeds and market may no longer be so.
  const isCurrent = heard?.silentSince === null;

  return (
    <footer className="strip" aria-label="Status">
      <button
        type="button"
        className="strip__button"
        disabled={!status}
        title="Data sources"
        onClick={() => setDetailed(true)}
      >
        {!status && <span>No data source yet</span>}
        {status?.feeds.length === 0 && <span>No data source</span>}
        {status?.feeds.map((feed) => {
          const state = isCurrent ? feed.state : 'connecting';
          return (
            <span key={feed.name} className="strip__feed" data-state={state}>
              <span aria-hidden="true">{feedGlyph[state]}</span> {feedName(feed)}{' '}
              <span className="strip__quiet">{isCurrent ? feedWord[state] : 'not connected'}</span>
              {isCurrent && feed.delay_ms !== null && (
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
      {heard && (
        <button
          type="button"
          className="strip__button strip__market"
          title="Market hours"
          onClick={() => setDetailed(true)}
        >
          <MarketLine {...heard} now={now} />
        </button>
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
        {clock.slice(0, 5)}
        <span className="strip__wide">{clock.slice(5)}</span>{' '}
        <span className="strip__quiet">ET</span>
      </time>
      {detailed && heard && (
        <SourcesDialog heard={heard} now={now} onClose={() => setDetailed(false)} />
      )}
    </footer>
  );
}

function MarketLine({ status, silentSince, now }: StatusHeard & { now: number }) {
  const { quotes } = useStream();
  if (silentSince !== null)
    return (
      <span className="strip__quiet">
        <span aria-hidden="true">?</span> US market {unknownSince(silentSince, now)}
      </span>
    );
  const { session } = status.market;
  const next = nextEvent(status.market, now);
  const besides =
    session === 'regular'
      ? null
      : openBesides(Array.from(quotes.symbols(), recall), isSimulated(status.feeds));
  return (
    <span data-session={session}>
      <span aria-hidden="true">{sessionGlyph[session]}</span> {sessionWord[session]}
      {next && <span className="strip__quiet strip__wide">, {next}</span>}
      {besides && <> · {besides}</>}
    </span>
  );
}
