/** Changes one's password, which ends all other logins. */
import { useQueryClient } from '@tanstack/react-query';
import { useId, useState, type FormEvent } from 'react';
import { sendJson } from '../../stream/request';
import { Refused } from '../../ui/refused';
import { useToaster } from '../../ui/toast';
import { Field } from './field';
import { useDeed } from './use-deed';

export function PasswordForm({ user }: { user: string }) {
  const toaster = useToaster();
  const client = useQueryClient();
  const id = useId();
  const [current, setCurrent] = useState('');
  const [fresh, setFresh] = useState('');
  const { isBusy, refusal, refuse, run } = useDeed();

  async function submit(event: FormEvent) {
    event.preventDefault();
    if (current === '' || fresh === '') {
      refuse('The present password and the new one, please.');
      return;
    }
    const isDone = await run(async () => {
      await sendJson('POST', '/api/v1/password', { current, new: fresh });
    });
    if (!isDone) return;
    setCurrent('');
    setFresh('');
    toaster.show({ text: 'Your password is changed. All other logins have ended.' });
    void client.invalidateQueries({ queryKey: ['logins'] });
  }

  return (
    <section aria-labelledby={`${id}-title`}>
      <h2 id={`${id}-title`}>Password</h2>
      <form className="people__form" noValidate onSubmit={(event) => void submit(event)}>
        {/* Password managers want to know whose it is. */}
        <input type="text" hidden readOnly autoComplete="username" value={user} />
        <Field
          label="Present password"
          type="password"
          autoComplete="current-password"
          value={current}
          describedBy={id}
          onChange={setCurrent}
        />
        <Field
          label="New password"
          type="password"
          autoComplete="new-password"
          value={fresh}
          describedBy={`${id} ${id}-hint`}
          onChange={setFresh}
        />
        <p id={`${id}-hint`} className="people__hint">
          At least 8 characters, 5 of them different. All other logins end; keys stay.
        </p>
        <Refused id={id} words={refusal} />
        <button type="submit" className="button button--main" aria-disabled={isBusy}>
          {isBusy ? 'Changing…' : 'Change password'}
        </button>
      </form>
    </section>
  );
}
