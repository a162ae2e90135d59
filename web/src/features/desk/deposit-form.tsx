/** Adds paper money. */
import { useCallback, useId, useRef, useState, type FormEvent } from 'react';
import type { DepositRequest } from '../../domain/api-types';
import { centsOf, formatMoney, parseAmount } from '../../domain/money';
import { fieldFault } from '../../domain/refusal';
import { useToaster } from '../../ui/toast';
import { useAskedFocus } from './draft';
import { useCommand, useDesk } from './hooks';
import { MoneyField } from './money-field';
import { RefusalNote } from './refusal-note';

const quick = ['1000', '10000', '100000'];

export function DepositForm({ isFirst = false }: { isFirst?: boolean }) {
  const { desk } = useDesk();
  const toaster = useToaster();
  const [amount, setAmount] = useState(isFirst ? '10000' : '');
  const field = useRef<HTMLInputElement>(null);
  const note = useId();
  useAskedFocus(field);
  const deposit = useCommand(
    useCallback((wish: DepositRequest, key: string) => desk.deposit(wish, key), [desk]),
  );

  async function submit(event: FormEvent) {
    event.preventDefault();
    const read = parseAmount(amount);
    if (!read.ok) {
      deposit.refuse(fieldFault(read.fault, 'amount'));
      field.current?.focus();
      return;
    }
    const done = await deposit.run({ amount: read.text });
    if (!done) return;
    setAmount('');
    toaster.show({
      text: `Added ${formatMoney(centsOf(done.amount))}. ${formatMoney(centsOf(done.available))} is available.`,
    });
  }

  return (
    <form className="deposit" noValidate onSubmit={(event) => void submit(event)}>
      <MoneyField
        ref={field}
        label="Paper money to add"
        value={amount}
        isWrong={deposit.refusal !== null}
        describedBy={note}
        onChange={(value) => {
          setAmount(value);
          deposit.refuse(null);
        }}
      />
      <div className="quick" role="group" aria-label="Usual amounts">
        {quick.map((one) => (
          <button
            key={one}
            type="button"
            className="button quick__one"
            onClick={() => {
              setAmount(one);
              deposit.refuse(null);
            }}
          >
            {formatMoney(centsOf(one)).replace('.00', '')}
          </button>
        ))}
      </div>
      <RefusalNote id={note} refusal={deposit.refusal} />
      <button type="submit" className="button button--main" aria-disabled={deposit.isBusy}>
        {deposit.isBusy ? 'Adding…' : 'Add paper money'}
      </button>
    </form>
  );
}
