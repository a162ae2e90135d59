/** Every data source with its state and figures, for when something looks wrong. */
import type { Status } from '../../domain/api-types';
import { formatSize, NO_VALUE } from '../../domain/price';
import { formatClock, formatDelay, parseTime } from '../../domain/time';
import { Dialog } from '../../ui/dialog';
import { feedGlyph, feedName, feedWord, isSimulated } from './wording';

export function FeedsDialog({ status, onClose }: { status: Status; onClose: () => void }) {
  return (
    <Dialog title="Data sources" wide onClose={onClose}>
      {isSimulated(status.feeds) && (
        <p className="feeds__note">
          The simulated market makes its prices up, so that everything can be tried at any hour and
          without an account. They say nothing about the real companies.
        </p>
      )}
      <div className="feeds">
        {status.feeds.map((feed) => {
          const last = parseTime(feed.last_event_at);
          const budget = feed.symbol_limit === null ? '' : ` of ${formatSize(feed.symbol_limit)}`;
          return (
            <section key={feed.name} className="feeds__one" aria-label={feedName(feed)}>
              <h3>
                {feedName(feed)}{' '}
                <span className="feeds__state" data-state={feed.state}>
                  <span aria-hidden="true">{feedGlyph[feed.state]}</span> {feedWord[feed.state]}
                </span>
              </h3>
              {feed.detail && <p>{feed.detail}</p>}
              <dl>
                <div>
                  <dt>Last event</dt>
                  <dd>{last === null ? NO_VALUE : formatClock(last)}</dd>
                </div>
                <div>
                  <dt>Delay</dt>
                  <dd>{feed.delay_ms === null ? NO_VALUE : formatDelay(feed.delay_ms)}</dd>
                </div>
                <div>
                  <dt>Symbols followed</dt>
                  <dd>
                    {formatSize(feed.symbols_subscribed)}
                    {budget}
                  </dd>
                </div>
                <div>
                  <dt>Symbols waiting</dt>
                  <dd>{formatSize(feed.symbols_waiting)}</dd>
                </div>
                <div>
                  <dt>Reconnects</dt>
                  <dd>{formatSize(feed.reconnects)}</dd>
                </div>
              </dl>
            </section>
          );
        })}
      </div>
      <p className="feeds__foot">Bellwether {status.version}</p>
    </Dialog>
  );
}
