/** Adds somebody with a password at once, for whom no link can be sent. */
import { useQueryClient } from '@tanstack/react-query';
import { useId, useState, type FormEvent } from 'react';
import type { RoleName, UserRequest } from '../../domain/api-types';
import { sendJson } from '../../stream/request';
import { Choice } from '../../ui/choice';
import { Refused } from '../../ui/refused';
import { useToaster } from '../../ui/toast';
import { Field } from './field';
import { useDeed } from './use-deed';

const roles: { value: RoleName; label: string; hint: string }[] = [
  { value: 'user', label: 'A user', hint: 'Has what is theirs' },
  { value: 'operator', label: 'An operator', hint: 'May also do what you do here' },
];

export function AddUser() {
  const toaster = useToaster();
  const client = useQueryClient();
  const id = useId();
  const [user, setUser] = useState('');
  const [password, setPassword] = useState('');
  const [role, setRole] = useState<RoleName>('user');
  const { isBusy, refusal, refuse, run } = useDeed();

  async function submit(event: FormEvent) {
    event.preventDefault();
    if (user.trim() === '' || password === '') {
      refuse('A name and a password, please.');
      return;
    }
    const body: UserRequest = { user: user.trim(), password, role };
    if (!(await run(() => sendJson('POST', '/api/v1/admin/users', body)))) return;
    setUser('');
    setPassword('');
    setRole('user');
    toaster.show({ text: `${body.user} may sign in now.` });
    void client.invalidateQueries({ queryKey: ['users'] });
  }

  return (
    <section aria-labelledby={`${id}-title`}>
      <h2 id={`${id}-title`}>Add somebody with a password</h2>
      <p className="people__hint">
        For whom you cannot send a link. Tell them the password in a way that nobody else hears, and
        have them change it.
      </p>
      <form className="people__form" noValidate onSubmit={(event) => void submit(event)}>
        <Field
          label="Name of the new user"
          autoComplete="off"
          value={user}
          describedBy={id}
          onChange={setUser}
        />
        <Field
          label="Password of the new user"
          type="password"
          autoComplete="new-password"
          value={password}
          describedBy={id}
          onChange={setPassword}
        />
        <Choice label="Add as" options={roles} value={role} onChoose={setRole} />
        <Refused id={id} words={refusal} />
        <button type="submit" className="button" aria-disabled={isBusy}>
          {isBusy ? 'Adding…' : 'Add them'}
        </button>
      </form>
    </section>
  );
}
