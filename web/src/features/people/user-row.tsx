/** One user, and what an operator does with them. */
import { useQueryClient } from '@tanstack/react-query';
import { useId, useState, type FormEvent } from 'react';
import type { RoleName, UserBody, UserChange } from '../../domain/api-types';
import { formatWhen, parseTime } from '../../domain/time';
import { sendJson } from '../../stream/request';
import { Dialog } from '../../ui/dialog';
import { Refused } from '../../ui/refused';
import { SureButton } from '../../ui/sure-button';
import { useToaster } from '../../ui/toast';
import { useStream } from '../live';
import { Field } from './field';
import { useDeed } from './use-deed';

type Props = { body: UserBody; isOneself: boolean };

function useChange(user: string) {
  const client = useQueryClient();
  const toaster = useToaster();
  const deed = useDeed();
  async function change(what: Partial<UserChange>, said: string): Promise<boolean> {
    const path = `/api/v1/admin/users/${encodeURIComponent(user)}`;
    const isDone = await deed.run(() => sendJson('PATCH', path, what));
    if (isDone) toaster.show({ text: said });
    void client.invalidateQueries({ queryKey: ['users'] });
    return isDone;
  }
  return { ...deed, change };
}

export function UserRow({ body, isOneself }: Props) {
  const { user, role, account, created_at, is_disabled } = body;
  const now = useStream().serverNow();
  const { isBusy, refusal, change } = useChange(user);
  const [isResetting, setResetting] = useState(false);

  function give(wanted: RoleName) {
    void change(
      { role: wanted },
      wanted === 'operator' ? `${user} is an operator now.` : `${user} is a plain user now.`,
    );
  }

  return (
    <li data-user={user} data-disabled={is_disabled}>
      <div>
        <strong className="people__name">{user}</strong>
        {isOneself && <span className="badge">You</span>}
        {role === 'operator' && <span className="badge badge--strong">Operator</span>}
        {is_disabled && <span className="badge badge--warn">Disabled</span>}
        <div className="people__facts">
          <span>since {formatWhen(parseTime(created_at) ?? now, now)}</span>
          {account !== user && <span>trades as {account}</span>}
        </div>
        <Refused words={refusal} />
      </div>
      {!isOneself && (
        <div className="people__deeds">
          <label>
            <span className="unseen">Role of {user}</span>
            <select
              className="field"
              value={role}
              disabled={isBusy}
              onChange={(event) => give(event.target.value === 'operator' ? 'operator' : 'user')}
            >
              <option value="user">User</option>
              <option value="operator">Operator</option>
            </select>
          </label>
          <button
            type="button"
            className="button"
            aria-label={`New password for ${user}`}
            onClick={() => setResetting(true)}
          >
            New password
          </button>
          {is_disabled ? (
            <button
              type="button"
              className="button"
              aria-label={`Enable ${user}`}
              aria-disabled={isBusy}
              onClick={() => void change({ is_disabled: false }, `${user} may sign in again.`)}
            >
              Enable
            </button>
          ) : (
            <SureButton
              label="Disable"
              of={user}
              question="Their logins and keys end."
              isBusy={isBusy}
              onSure={() =>
                void change(
                  { is_disabled: true },
                  `${user} is disabled, and signed out everywhere.`,
                )
              }
            />
          )}
        </div>
      )}
      {isResetting && <ResetDialog user={user} onClose={() => setResetting(false)} />}
    </li>
  );
}

function ResetDialog({ user, onClose }: { user: string; onClose: () => void }) {
  const id = useId();
  const [password, setPassword] = useState('');
  const { isBusy, refusal, refuse, change } = useChange(user);

  async function submit(event: FormEvent) {
    event.preventDefault();
    if (password === '') {
      refuse('A password, please.');
      return;
    }
    if (await change({ password }, `${user} has a new password, and is signed out everywhere.`))
      onClose();
  }

  return (
    <Dialog title={`New password for ${user}`} onClose={onClose}>
      <form className="people__form" noValidate onSubmit={(event) => void submit(event)}>
        <p className="people__hint">
          Tell it to them in a way that nobody else hears, and have them change it. Their logins
          end; their keys stay.
        </p>
        <Field
          label="New password"
          type="password"
          autoComplete="new-password"
          value={password}
          describedBy={id}
          onChange={setPassword}
        />
        <Refused id={id} words={refusal} />
        <div className="dialog__foot">
          <button type="button" className="button" onClick={onClose}>
            Cancel
          </button>
          <button type="submit" className="button button--main" aria-disabled={isBusy}>
            {isBusy ? 'Setting…' : 'Set password'}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
