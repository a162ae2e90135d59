/** A letter for each notice. */
import { useId, useState, type FormEvent } from 'react';
import type { ChannelRequest, NewChannelBody } from '../../domain/api-types';
import { sendJson } from '../../stream/request';
import { useToaster } from '../../ui/toast';
import { useDeed } from './hooks';
import { Note } from './note';

export function AddEmail({ isOffered }: { isOffered: boolean }) {
  const toaster = useToaster();
  const field = useId();
  const note = useId();
  const [address, setAddress] = useState('');
  const add = useDeed((wish: ChannelRequest) =>
    sendJson<NewChannelBody>('POST', '/api/v1/channels', wish),
  );
  async function submit(event: FormEvent) {
    event.preventDefault();
    if (add.isBusy) return;
    const made = await add.run({ type: 'email', address });
    if (!made) return;
    setAddress('');
    toaster.show({ text: `A code is on its way to ${made.target}. Enter it above.` });
  }
  return (
    <section aria-labelledby="by-email">
      <h2 id="by-email">E-mail</h2>
      {isOffered ? (
        <form className="reach__form" noValidate onSubmit={(event) => void submit(event)}>
          <label htmlFor={field}>Address</label>
          <div className="reach__row">
            <input
              id={field}
              className="field"
              type="email"
              autoComplete="email"
              placeholder="ada@example.com"
              value={address}
              aria-describedby={note}
              aria-invalid={add.refusal !== null}
              onChange={(event) => {
                setAddress(event.target.value);
                add.forget();
              }}
            />
            <button type="submit" className="button button--main" aria-disabled={add.isBusy}>
              {add.isBusy ? 'Adding…' : 'Add e-mail'}
            </button>
          </div>
          <Note id={note} text={add.refusal} />
        </form>
      ) : (
        <p className="reach__none">
          This server sends no e-mail yet. Its operator turns it on with the settings{' '}
          <code>smtp</code> and <code>smtp_from</code>.
        </p>
      )}
    </section>
  );
}
