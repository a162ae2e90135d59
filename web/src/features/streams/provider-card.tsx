/** One provider: what it gives, how it is doing, and what it costs. */
import { useId, type ReactNode } from 'react';
import type { ProviderBody } from '../../domain/api-types';
import { ageWords } from '../../domain/news-words';
import { formatSize, NO_VALUE } from '../../domain/price';
import {
  callsSpent,
  callsWords,
  kindWords,
  providerLooks,
  providerName,
} from '../../domain/stream-words';
import { formatSpan, formatWhen, parseTime } from '../../domain/time';
import { Refused } from '../../ui/refused';
import { useStreamDeeds } from './use-streams';

type Props = { provider: ProviderBody; now: number; children: ReactNode };

export function ProviderCard({ provider, now, children }: Props) {
  const id = useId();
  const deeds = useStreamDeeds();
  const { state, kind, detail, is_paused: isPaused } = provider;
  const look = providerLooks[state];
  const name = providerName(provider);
  const last = parseTime(provider.last_event);
  const limit = provider.symbol_limit === null ? '' : ` of ${formatSize(provider.symbol_limit)}`;
  return (
    <section className="provider" aria-labelledby={id} data-state={state}>
      <header className="provider__head">
        <h2 id={id}>{name}</h2>
        <span className="provider__kind">{kindWords[kind]}</span>
        <span className="provider__state" data-state={state}>
          <span aria-hidden="true">{look.glyph}</span> {look.label}
        </span>
        <button
          type="button"
          className="button button--small"
          aria-disabled={deeds.isBusy}
          aria-label={`${isPaused ? 'Go on with' : 'Pause'} ${name}`}
          onClick={() => void deeds.pauseProvider(provider.name, !isPaused)}
        >
          {isPaused ? 'Go on' : 'Pause'}
        </button>
      </header>
      {detail !== null && <p className="provider__detail">{detail}</p>}
      <dl className="provider__figures">
        <Figure label="Last event">{last === null ? 'none yet' : ageWords(now - last)}</Figure>
        <Figure label={kind === 'news' ? 'Articles a minute' : 'Events a minute'}>
          {formatSize(provider.per_minute)}
        </Figure>
        {(kind === 'prices' || provider.symbols > 0) && (
          <Figure label="Symbols">
            {formatSize(provider.symbols)}
            {limit}
          </Figure>
        )}
        {(kind === 'prices' || provider.waiting > 0) && (
          <Figure label="Waiting">{formatSize(provider.waiting)}</Figure>
        )}
        <Figure label="Errors">{formatSize(provider.errors)}</Figure>
        {provider.calls && (
          <Figure label="Calls" isWide>
            <Calls calls={provider.calls} now={now} />
          </Figure>
        )}
      </dl>
      {provider.last_error !== null && (
        <p className="provider__error">
          <span aria-hidden="true">!</span> Last error: {provider.last_error}
        </p>
      )}
      <Refused words={deeds.refusal ?? deeds.fault?.words ?? null} />
      {children}
    </section>
  );
}

type FigureProps = { label: string; isWide?: boolean; children: ReactNode };

function Figure({ label, isWide = false, children }: FigureProps) {
  return (
    <div {...(isWide ? { className: 'provider__wide' } : {})}>
      <dt>{label}</dt>
      <dd>{children}</dd>
    </div>
  );
}

function Calls({ calls, now }: { calls: NonNullable<ProviderBody['calls']>; now: number }) {
  const spent = callsSpent(calls);
  const resets = parseTime(calls.resets_at);
  return (
    <>
      {callsWords(calls) || NO_VALUE}
      {resets !== null && resets > now && (
        <small title={formatWhen(resets, now)}> · anew in {formatSpan(resets - now)}</small>
      )}
      {/* The figures say it; the bar is for the eye. */}
      {spent !== null && (
        <progress
          className="spent"
          max={1}
          value={spent}
          aria-hidden="true"
          data-low={spent > 0.9}
        />
      )}
    </>
  );
}
