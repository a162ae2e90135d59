/** All alerts with where they stand, and what they have said. */
import { useEffect, useRef } from 'react';
import { symbolPath } from '../../domain/paths';
import { asSymbol } from '../../domain/symbol';
import { formatWhen } from '../../domain/time';
import { Link } from '../../ui/link';
import { useStream } from '../live';
import { AlertRow } from './alert-row';
import { useAlerts, useFirings } from './use-alerts';
import './alerts.css';

export function AlertsPage({ onTitle }: { onTitle: (title: string) => void }) {
  const heading = useRef<HTMLHeadingElement>(null);
  const { list, isFailed } = useAlerts();
  useEffect(() => heading.current?.focus(), []);
  useEffect(() => onTitle('Alerts'), [onTitle]);
  return (
    <article className="alertspage">
      <h1 tabIndex={-1} ref={heading}>
        Alerts
      </h1>
      {isFailed && (
        <p className="alerts__note" role="alert">
          Alerts could not be loaded. It is tried again.
        </p>
      )}
      {list === undefined && !isFailed && <p role="status">Loading alerts…</p>}
      {list?.length === 0 && (
        <div className="notice">
          <h2>No alerts yet</h2>
          <p>
            Open a symbol and set one beside its chart, or touch the chart twice at a price. Every
            trade is looked at, whether this page is open or not.
          </p>
        </div>
      )}
      {list && list.length > 0 && (
        <ul className="alerts__list" aria-label="All alerts">
          {list.map((alert) => (
            <AlertRow key={alert.id} alert={alert} withSymbol />
          ))}
        </ul>
      )}
      <Firings />
    </article>
  );
}

function Firings() {
  const stream = useStream();
  const { data } = useFirings();
  if (!data || data.firings.length === 0) return null;
  const now = stream.serverNow();
  return (
    <section aria-labelledby="said">
      <h2 id="said">What they have said</h2>
      <ol className="said">
        {data.firings.map(({ id, symbol, text, note, at }) => (
          <li key={id}>
            <Link href={symbolPath(asSymbol(symbol))} className="alert__link">
              {text}
            </Link>
            <span className="alert__more">
              {formatWhen(Date.parse(at), now)}
              {note && ` · ${note}`}
            </span>
          </li>
        ))}
      </ol>
    </section>
  );
}
