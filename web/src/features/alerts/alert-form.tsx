/** Setting an alert, or changing one; what it would have done is shown before it is set. */
import { useEffect, useId, useRef, useState, type FormEvent, type ReactNode } from 'react';
import {
  canBeTried,
  canRest,
  isOnPrice,
  requestOf,
  typeLabels,
  unitOf,
  type AlertDraft,
  type Fault,
} from '../../domain/alerts';
import type { AlertRequest, DirectionName, RuleType } from '../../domain/api-types';
import type { MarketSymbol } from '../../domain/symbol';
import { formatWhen } from '../../domain/time';
import { tradingOf } from '../../domain/trading-hours';
import { useToaster } from '../../ui/toast';
import { recall } from '../instruments';
import { useLiveRow, useStream } from '../live';
import { changeTyped, closeForm, showTried, useAskedFocus, useTyped } from './draft';
import { ChannelsField } from './channels-field';
import { useAlertDeeds, useGoals } from './use-alerts';

type Props = { symbol: MarketSymbol; onClosed: () => void };

const types = Object.keys(typeLabels) as RuleType[];
const directions: Record<DirectionName, string> = { either: 'up or down', up: 'up', down: 'down' };
/** As many as one would read through. */
const TIMES_SHOWN = 5;

export function AlertForm({ symbol, onClosed }: Props) {
  const typed = useTyped(symbol);
  const toaster = useToaster();
  const deeds = useAlertDeeds();
  const [fault, setFault] = useState<Fault | null>(null);
  const first = useRef<HTMLSelectElement>(null);
  const form = useRef<HTMLFormElement>(null);
  const wrong = useId();
  const { type, changes, tried } = typed;
  const goals = useGoals();
  useAskedFocus(first);

  useEffect(() => {
    if (fault) form.current?.querySelector<HTMLElement>(`[name="${fault.field}"]`)?.focus();
  }, [fault]);

  function change(part: Partial<AlertDraft>) {
    changeTyped(symbol, part);
    setFault(null);
    deeds.refuse(null);
  }

  /** What was typed, to be sent; what is wrong with it is shown. */
  function read(): AlertRequest | null {
    const request = requestOf(symbol, typed, new Date().getTimezoneOffset());
    if (!request.ok) {
      setFault(request.fault);
      return null;
    }
    const { channels = [] } = request.value;
    const left = goals ? channels.filter((id) => goals.some((goal) => goal.id === id)) : channels;
    if (channels.length > 0 && left.length === 0) {
      setFault({ field: 'channels', message: 'The channels it went to were removed: choose others.' }); // prettier-ignore
      return null;
    }
    return { ...request.value, channels: left };
  }

  async function tryOut() {
    const request = read();
    if (!request) return;
    const answer = await deeds.tryOut(request);
    if (!answer) return;
    showTried(symbol, answer);
    toaster.announce(`This alert ${answer.text}.`);
  }

  async function submit(event: FormEvent) {
    event.preventDefault();
    const request = read();
    if (!request) return;
    const done = await (changes ? deeds.replace(changes.id, request) : deeds.set(request));
    if (!done) return;
    // The list shows it; a message would stand in the way of the one it may bring at once.
    toaster.announce(`The alert ${done.text} is ${changes ? 'changed' : 'set'}.`);
    close();
  }

  function close() {
    closeForm();
    onClosed();
  }

  const field = (name: keyof AlertDraft) => ({
    name,
    value: String(typed[name]),
    'aria-invalid': fault?.field === name,
    'aria-describedby': wrong,
    onChange: (event: { target: { value: string } }) => change({ [name]: event.target.value }),
  });

  return (
    // Escape leaves the form wherever in it the reader is.
    // eslint-disable-next-line jsx-a11y/no-noninteractive-element-interactions
    <form
      className="alertform"
      aria-label={`${changes ? 'Change the' : 'New'} alert on ${symbol}`}
      noValidate
      ref={form}
      onSubmit={(event) => void submit(event)}
      onKeyDown={(event) => {
        if (event.key === 'Escape') close();
      }}
    >
      <Field label="Tell me about">
        <select
          ref={first}
          name="type"
          value={type}
          onChange={(event) => change({ type: event.target.value as RuleType })}
        >
          {types.map((one) => (
            <option key={one} value={one}>
              {typeLabels[one]}
            </option>
          ))}
        </select>
      </Field>
      {isOnPrice(type) && <PriceField symbol={symbol} field={field('price')} />}
      {type === 'percent_change' && (
        <div className="alertform__row">
          <Field label="Per cent">
            <input inputMode="decimal" {...field('percent')} />
          </Field>
          <Field label="Way">
            <select {...field('direction')}>
              {(Object.keys(directions) as DirectionName[]).map((one) => (
                <option key={one} value={one}>
                  {directions[one]}
                </option>
              ))}
            </select>
          </Field>
          <Field label="Minutes, 1 to 60; none: since the close">
            <input inputMode="numeric" {...field('minutes')} />
          </Field>
        </div>
      )}
      {type === 'volume_above_usual' && (
        <Field label="Times the usual volume of a minute">
          <input inputMode="decimal" {...field('times')} />
        </Field>
      )}
      {type === 'stale' && (
        <Field label="Seconds without a trade, in market hours">
          <input inputMode="numeric" {...field('seconds')} />
        </Field>
      )}
      {type === 'news' && (
        <Field label="With one of these words (with commas; none for any article)">
          <input {...field('words')} />
        </Field>
      )}
      <label className="alertform__check">
        <input
          type="checkbox"
          checked={typed.again}
          onChange={(event) => change({ again: event.target.checked })}
        />{' '}
        Again and again
      </label>
      {typed.again && canRest(type) && (
        <Field label={`Armed again once back by, ${unitOf(type)}`}>
          <input
            inputMode="decimal"
            placeholder={isOnPrice(type) ? 'a thousandth' : 'a tenth'}
            {...field('hysteresis')}
          />
        </Field>
      )}
      {goals && goals.length > 0 && (
        <ChannelsField
          channels={goals}
          chosen={typed.channels}
          onChange={(channels) => change({ channels })}
        />
      )}
      <details className="alertform__details" open={typed.quiet || typed.expires !== ''}>
        <summary>Note, end, quiet hours</summary>
        <Field label="Note">
          <input maxLength={200} {...field('note')} />
        </Field>
        <Field label="Ends">
          <input type="datetime-local" {...field('expires')} />
        </Field>
        <label className="alertform__check">
          <input
            type="checkbox"
            checked={typed.quiet}
            onChange={(event) => change({ quiet: event.target.checked })}
          />{' '}
          Quiet hours, in which messages wait
        </label>
        {typed.quiet && (
          <div className="alertform__row">
            <Field label="From">
              <input type="time" {...field('from')} />
            </Field>
            <Field label="To">
              <input type="time" {...field('to')} />
            </Field>
          </div>
        )}
      </details>
      <div className="alertform__wrong" role="alert" id={wrong}>
        {(fault ?? deeds.refusal) && (
          <p>
            <span aria-hidden="true">! </span>
            {fault?.message ?? deeds.refusal}
          </p>
        )}
      </div>
      {tried && <Tried symbol={symbol} />}
      <div className="alertform__deeds">
        <button type="submit" className="button button--main" aria-disabled={deeds.isBusy}>
          {changes ? 'Change the alert' : 'Set the alert'}
        </button>
        <button
          type="button"
          className="button"
          aria-disabled={deeds.isBusy}
          disabled={!canBeTried(type)}
          title={
            canBeTried(type)
              ? 'What it would have done in the stored days'
              : 'This cannot be seen in stored bars'
          }
          onClick={() => void tryOut()}
        >
          Try it on stored days
        </button>
        <button type="button" className="button" onClick={close}>
          Cancel
        </button>
      </div>
    </form>
  );
}

function Field({ label, children }: { label: string; children: ReactNode }) {
  return (
    <label className="alertform__field">
      <span>{label}</span>
      {children}
    </label>
  );
}

type PriceProps = {
  symbol: MarketSymbol;
  field: React.InputHTMLAttributes<HTMLInputElement>;
};

function PriceField({ symbol, field }: PriceProps) {
  const price = useLiveRow(symbol).figures?.price ?? null;
  return (
    <div className="alertform__row">
      <Field label="Price">
        <input inputMode="decimal" {...field} />
      </Field>
      <button
        type="button"
        className="button alertform__now"
        disabled={price === null}
        onClick={() => changeTyped(symbol, { price: String(price) })}
      >
        Use the last price
      </button>
    </div>
  );
}

/** The sentence, and when: what the marks in the chart show is to be read, too. */
function Tried({ symbol }: { symbol: MarketSymbol }) {
  const stream = useStream();
  const { tried } = useTyped(symbol);
  if (!tried) return null;
  const now = stream.serverNow();
  // By the chart's clock, in which they are marked.
  const { zone } = tradingOf(recall(symbol), symbol);
  const newest = tried.fired.slice(-TIMES_SHOWN).reverse();
  return (
    <div className="alertform__tried">
      <p>
        This alert <strong>{tried.text}</strong>
        {tried.count > 0 && ', marked in the chart'}.
      </p>
      {newest.length > 0 && (
        <ul aria-label="The newest times it would have fired">
          {newest.map(({ timestamp, price }) => (
            <li key={timestamp}>
              {formatWhen(Date.parse(timestamp), now, zone)}
              {price !== null && ` at ${price}`}
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}
