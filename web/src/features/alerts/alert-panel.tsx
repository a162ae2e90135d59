/** Beside the chart: the alerts of its symbol, and the form that sets one. */
import { useRef } from 'react';
import { alertsPath, signInPath } from '../../domain/paths';
import type { MarketSymbol } from '../../domain/symbol';
import { Link } from '../../ui/link';
import { AlertForm } from './alert-form';
import { AlertRow } from './alert-row';
import { askForAlert, useTyped } from './draft';
import { useAlerts } from './use-alerts';
import './alerts.css';

export function AlertPanel({ symbol }: { symbol: MarketSymbol }) {
  const { who, list, isFailed } = useAlerts();
  const typed = useTyped(symbol);
  const opener = useRef<HTMLButtonElement>(null);
  const own = list?.filter((alert) => alert.symbol === symbol) ?? [];
  return (
    <section className="alerts" aria-label={`Alerts on ${symbol}`}>
      <header className="alerts__head">
        <h2>Alerts</h2>
        {who && (
          <Link href={alertsPath} className="alerts__all">
            All alerts
          </Link>
        )}
      </header>
      {who === null && (
        <p className="alerts__note">
          <Link href={signInPath}>Sign in</Link> to be told when the price gets somewhere.
        </p>
      )}
      {who && isFailed && (
        <p className="alerts__note" role="alert">
          Alerts could not be loaded. It is tried again.
        </p>
      )}
      {own.length > 0 && (
        <ul className="alerts__list" aria-label={`Alerts on ${symbol}`}>
          {own.map((alert) => (
            <AlertRow key={alert.id} alert={alert} />
          ))}
        </ul>
      )}
      {who &&
        (typed.isOpen ? (
          <AlertForm
            key={typed.changes?.id ?? 'new'}
            symbol={symbol}
            onClosed={() => requestAnimationFrame(() => opener.current?.focus())}
          />
        ) : (
          <button type="button" className="button" ref={opener} onClick={() => askForAlert(symbol)}>
            Set an alert
          </button>
        ))}
    </section>
  );
}
