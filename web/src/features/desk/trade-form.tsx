/** Buying and selling for an amount of dollars: now by a ticket, or automatically at a price. */
import { useCallback, useId, useRef, useState, type FormEvent } from 'react';
import type {
  AccountBody,
  SideName,
  TicketBody,
  TicketRequest,
  TriggerRequest,
} from '../../domain/api-types';
import {
  centsOf,
  formatMoney,
  formatShares,
  parseAmount,
  parsePrice,
  proceedsOf,
  sharesOf,
  unitsOfNumber,
} from '../../domain/money';
import { fieldFault } from '../../domain/refusal';
import type { MarketSymbol } from '../../domain/symbol';
import { sentenceOf } from '../../domain/transactions';
import { useLiveRow } from '../live';
import { Choice } from '../../ui/choice';
import { useToaster } from '../../ui/toast';
import { rememberAsked } from './asked';
import { changeDraft, useAskedFocus, useDraft } from './draft';
import { Estimate } from './estimate';
import { useCommand, useDesk } from './hooks';
import { MoneyField } from './money-field';
import { RefusalNote } from './refusal-note';
import { TriggerMeaning } from './trigger-meaning';

type Props = {
  symbol: MarketSymbol;
  account: AccountBody;
  /** The server has accepted a ticket. */
  onTicket: (ticket: TicketBody) => void;
};

const sides = [
  { value: 'buy', label: 'Buy', hint: 'Buy for an amount (B)' },
  { value: 'sell', label: 'Sell', hint: 'Sell for an amount (S)' },
] as const;
const modes = [
  { value: 'now', label: 'Now', hint: 'At the price as it is, with a minute to commit' },
  { value: 'auto', label: 'At a price', hint: 'Automatically, when the price gets there' },
] as const;
const quick = ['100', '500', '1000'];
const nouns: Record<SideName, string> = { buy: 'purchase', sell: 'sale' };

type TriggerWish = TriggerRequest & { side: SideName };

export function TradeForm({ symbol, account, onTicket }: Props) {
  const { desk } = useDesk();
  const toaster = useToaster();
  const draft = useDraft(symbol);
  const { side, mode } = draft;
  const amountField = useRef<HTMLInputElement>(null);
  const priceField = useRef<HTMLInputElement>(null);
  const [said, setSaid] = useState('');
  const note = useId();
  const asking = useCommand(
    useCallback(
      async (wish: TicketRequest, key: string) => {
        const ticket = await desk.openTicket(wish, key);
        rememberAsked(ticket.id, wish.amount);
        return ticket;
      },
      [desk],
    ),
  );
  const setting = useCommand(
    useCallback(
      ({ side: which, ...body }: TriggerWish, key: string) =>
        desk.setTrigger(which, symbol, body, key),
      [desk, symbol],
    ),
  );
  const doing = mode === 'now' ? asking : setting;
  const amount = parseAmount(draft.amount);
  const price = parsePrice(draft.price);
  const existing = account.triggers.find((one) => one.side === side && one.symbol === symbol);

  useAskedFocus(mode === 'auto' ? priceField : amountField);

  function change(part: Parameters<typeof changeDraft>[1]) {
    changeDraft(symbol, part);
    asking.refuse(null);
    setting.refuse(null);
    setSaid('');
  }

  async function submit(event: FormEvent) {
    event.preventDefault();
    setSaid('');
    if (!amount.ok) {
      doing.refuse(fieldFault(amount.fault, 'amount'));
      amountField.current?.focus();
      return;
    }
    if (mode === 'now') {
      const ticket = await asking.run({ side, symbol, amount: amount.text });
      if (ticket) onTicket(ticket);
      return;
    }
    if (!price.ok) {
      setting.refuse(fieldFault(price.fault, 'price'));
      priceField.current?.focus();
      return;
    }
    const answer = await setting.run({ side, amount: amount.text, price: price.text });
    if (!answer) return;
    changeDraft(symbol, { price: '' });
    const words = answer.fired
      ? `${sentenceOf(answer.fired)}: the price was there already.`
      : `The automatic ${nouns[side]} is set.`;
    setSaid(words);
    toaster.announce(words);
  }

  const wrong = doing.refusal?.field;
  return (
    <form
      className="trade"
      data-side={side}
      aria-label={`Trade ${symbol}`}
      noValidate
      onSubmit={(event) => void submit(event)}
    >
      <div className="trade__choices">
        <Choice
          label="Buy or sell"
          options={[...sides]}
          value={side}
          onChoose={(next) => change({ side: next })}
        />
        <Choice
          label="When"
          options={[...modes]}
          value={mode}
          onChoose={(next) => change({ mode: next })}
        />
      </div>
      <MoneyField
        ref={amountField}
        label={side === 'buy' ? 'Amount to spend' : 'Amount to sell'}
        value={draft.amount}
        isWrong={wrong === 'amount'}
        describedBy={note}
        onChange={(value) => change({ amount: value })}
      />
      <QuickAmounts
        {...{ symbol, side, account }}
        onChoose={(value) => change({ amount: value })}
      />
      {mode === 'auto' && (
        <MoneyField
          ref={priceField}
          label={side === 'buy' ? 'At or below' : 'At or above'}
          value={draft.price}
          isWrong={wrong === 'price'}
          describedBy={note}
          onChange={(value) => change({ price: value })}
        />
      )}
      {mode === 'now' ? (
        <Estimate
          symbol={symbol}
          side={side}
          amount={amount.ok ? amount.value : null}
          available={centsOf(account.cash.available)}
        />
      ) : (
        <TriggerMeaning
          symbol={symbol}
          side={side}
          amount={amount.ok ? amount.value : null}
          price={price.ok ? price.value : null}
          isChange={existing !== undefined}
        />
      )}
      <RefusalNote id={note} refusal={doing.refusal} />
      <button
        type="submit"
        className="button button--main"
        data-side={side}
        aria-disabled={doing.isBusy}
      >
        {mode === 'now'
          ? asking.isBusy
            ? 'Asking…'
            : `Review ${nouns[side]}`
          : setting.isBusy
            ? 'Setting…'
            : `${existing ? 'Change' : 'Set'} automatic ${nouns[side]}`}
      </button>
      {said && <p className="trade__said">✓ {said}</p>}
    </form>
  );
}

type QuickProps = {
  symbol: MarketSymbol;
  side: SideName;
  account: AccountBody;
  onChoose: (amount: string) => void;
};

function QuickAmounts({ symbol, side, account, onChoose }: QuickProps) {
  const row = useLiveRow(symbol);
  const live = unitsOfNumber(row.figures?.price);
  const held = account.holdings.find((one) => one.symbol === symbol);
  const shares = sharesOf(held?.available);
  const most =
    side === 'buy'
      ? centsOf(account.cash.available)
      : live === null
        ? 0n
        : proceedsOf(shares, live);
  const plain = formatMoney(most).replace(/[$,]/g, '');
  return (
    <div className="quick" role="group" aria-label="Usual amounts">
      {quick.map((one) => (
        <button key={one} type="button" className="button quick__one" onClick={() => onChoose(one)}>
          {formatMoney(centsOf(one)).replace('.00', '')}
        </button>
      ))}
      <button
        type="button"
        className="button quick__one"
        disabled={most <= 0n}
        title={
          side === 'buy'
            ? `All that is available: ${formatMoney(most)}`
            : `What ${formatShares(shares)} available come to now: ${formatMoney(most)}`
        }
        onClick={() => onChoose(plain)}
      >
        All
      </button>
    </div>
  );
}
