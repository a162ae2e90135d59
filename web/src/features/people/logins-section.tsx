/** The browsers one is signed in with: to be looked at, and ended. */
import { useQuery, useQueryClient } from '@tanstack/react-query';
import type { LoginBody, LoginsAnswer } from '../../domain/api-types';
import { formatWhen, parseTime } from '../../domain/time';
import { getJson, sendJson } from '../../stream/request';
import { Refused } from '../../ui/refused';
import { SureButton } from '../../ui/sure-button';
import { useToaster } from '../../ui/toast';
import { useStream } from '../live';
import { deviceOf } from './agent';
import { Part } from './part';
import { useDeed } from './use-deed';

export function LoginsSection() {
  const toaster = useToaster();
  const client = useQueryClient();
  const { isBusy, refusal, run } = useDeed();
  const query = useQuery({
    queryKey: ['logins'],
    queryFn: ({ signal }) => getJson<LoginsAnswer>('/api/v1/logins', signal),
    refetchInterval: 30_000,
  });

  async function end(path: string, said: string) {
    const isDone = await run(() => sendJson('DELETE', path));
    if (isDone) toaster.show({ text: said });
    void client.invalidateQueries({ queryKey: ['logins'] });
  }

  return (
    <Part
      title="Logins"
      lead="Where you are signed in. One that you do not know: end it, and change your password."
      what="logins"
      query={query}
    >
      {({ logins }) => {
        const others = logins.filter((login) => !login.is_this).length;
        return (
          <>
            <ul className="people__list" aria-label="Logins">
              {[...logins]
                .sort((a, b) => Number(b.is_this) - Number(a.is_this))
                .map((login) => (
                  <li key={login.id}>
                    <Login login={login} />
                    {!login.is_this && (
                      <SureButton
                        label="End"
                        of={`the login of ${deviceOf(login.agent)}`}
                        question="It is signed out at once."
                        isBusy={isBusy}
                        onSure={() =>
                          void end(
                            `/api/v1/logins/${encodeURIComponent(login.id)}`,
                            `${deviceOf(login.agent)} is signed out.`,
                          )
                        }
                      />
                    )}
                  </li>
                ))}
            </ul>
            <Refused words={refusal} />
            {others > 0 ? (
              <SureButton
                label="End all others"
                of={`(${others} ${others === 1 ? 'login' : 'logins'})`}
                question="Only this browser stays signed in."
                isBusy={isBusy}
                onSure={() => void end('/api/v1/logins', 'All other logins have ended.')}
              />
            ) : (
              <p className="people__hint">You are signed in nowhere else.</p>
            )}
          </>
        );
      }}
    </Part>
  );
}

function Login({ login }: { login: LoginBody }) {
  const now = useStream().serverNow();
  const when = (text: string) => formatWhen(parseTime(text) ?? now, now);
  return (
    <div>
      <strong title={login.agent}>{deviceOf(login.agent)}</strong>
      {login.is_this && <span className="badge">This browser</span>}
      <div className="people__facts">
        <span>{login.address}</span>
        <span>{login.is_this ? 'in use now' : `last used ${when(login.last_used_at)}`}</span>
        <span>since {when(login.created_at)}</span>
      </div>
    </div>
  );
}
