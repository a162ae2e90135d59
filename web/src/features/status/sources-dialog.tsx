/** The market's hours, and every data source with its state and figures, for when something looks wrong. */
import type { ReactNode } from 'react';
import type { Feed, Market } from '../../domain/api-types';
import { formatSize, NO_VALUE } from '../../domain/price';
import {
  formatClock,
  formatDay,
  formatDelay,
  formatHourMinute,
  parseTime,
} from '../../domain/time';
import type { StatusHeard } from '../../stream/stream';
import { useLink } from '../live';
import { streamsPath } from '../../domain/paths';
import { Dialog } from '../../ui/dialog';
import { Link } from '../../ui/link';
import { feedGlyph, feedName, feedWord, isSimulated, mayHaveMissed, nextEvent, sessionDetail, sessionGlyph, unknownSince } from './wording'; // prettier-ignore

type Props = { heard: StatusHeard; now: number; onClose: () => void };

export function SourcesDialog({ heard, now, onClose }: Props) {
  const { status, silentSince } = heard;
  const unknown = silentSince === null ? null : unknownSince(silentSince, now);
  const { session } = status.market;
  return (
    <Dialog title="Market and data sources" wide onClose={onClose}>
      {isSimulated(status.feeds) && (
        <p className="sources__note">
          The simulated market makes its prices up, so that everything can be tried at any hour and
          without an account. They say nothing about the real companies.
        </p>
      )}
      <div className="sources">
        <section className="sources__one" aria-label="US market">
          <h3>
            US market{' '}
            <span
              className={`sources__state ${unknown ? '' : 'sources__state--closed'}`}
              data-good={!unknown && session === 'regular'}
            >
              {unknown ?? (
                <>
                  <span aria-hidden="true">{sessionGlyph[session]}</span> {sessionDetail[session]}
                </>
              )}
            </span>
          </h3>
          {!unknown && <Hours market={status.market} now={now} />}
        </section>
        {status.feeds.map((feed) => (
          <Source key={feed.name} feed={feed} unknown={unknown} />
        ))}
      </div>
      <p className="sources__foot">
        <Link href={streamsPath} onClick={onClose}>
          Streams: all that is taken in
        </Link>{' '}
        · Bellwether {status.version}
      </p>
    </Dialog>
  );
}

function Hours({ market, now }: { market: Market; now: number }) {
  const link = useLink();
  const opens = parseTime(market.opens_at);
  const closes = parseTime(market.closes_at);
  const next = nextEvent(market, now);
  return (
    <>
      {next && <p>Regular session {next}</p>}
      <dl>
        {[['Opens', opens] as const, ['Closes', closes] as const].map(
          ([label, at]) =>
            at !== null && (
              <Figure key={label} label={`${label}, your time`}>
                {formatDay(at)}, {formatHourMinute(at)}
              </Figure>
            ),
        )}
        <Figure label="Server’s clock">{formatClock(now, 'America/New_York')} ET</Figure>
        <Figure label="Link, there and back">
          {link.roundTripMs === null ? NO_VALUE : formatDelay(link.roundTripMs)}
        </Figure>
      </dl>
    </>
  );
}

/** Its figures are those last heard, whether or not they still hold; `unknown` says so. */
function Source({ feed, unknown }: { feed: Feed; unknown: string | null }) {
  const last = parseTime(feed.last_event_at);
  const budget = feed.symbol_limit === null ? '' : ` of ${formatSize(feed.symbol_limit)}`;
  const missed = mayHaveMissed(feed);
  return (
    <section className="sources__one" aria-label={feedName(feed)}>
      <h3>
        {feedName(feed)}{' '}
        <span className="sources__state" data-good={!unknown && feed.state === 'up'}>
          {unknown ?? (
            <>
              <span aria-hidden="true">{feedGlyph[feed.state]}</span> {feedWord[feed.state]}
            </>
          )}
        </span>
      </h3>
      {feed.detail && !unknown && <p>{feed.detail}</p>}
      <dl>
        <Figure label="Last event">{last === null ? NO_VALUE : formatClock(last)}</Figure>
        <Figure label="Delay">
          {feed.delay_ms === null || unknown ? NO_VALUE : formatDelay(feed.delay_ms)}
        </Figure>
        <Figure label="Symbols followed">
          {formatSize(feed.symbols_subscribed)}
          {budget}
        </Figure>
        <Figure label="Symbols waiting">{formatSize(feed.symbols_waiting)}</Figure>
        <Figure label="Reconnects">{formatSize(feed.reconnects)}</Figure>
      </dl>
      {missed && <p className="sources__missed">{missed}</p>}
    </section>
  );
}

function Figure({ label, children }: { label: string; children: ReactNode }) {
  return (
    <div>
      <dt>{label}</dt>
      <dd>{children}</dd>
    </div>
  );
}
