/** Links by which others choose their own name and password. */
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import type { InvitesAnswer, NewInviteBody, RoleName } from '../../domain/api-types';
import { formatWhen, parseTime } from '../../domain/time';
import { getJson, sendJson } from '../../stream/request';
import { Choice } from '../../ui/choice';
import { Refused } from '../../ui/refused';
import { SecretOnce } from '../../ui/secret-once';
import { SureButton } from '../../ui/sure-button';
import { useToaster } from '../../ui/toast';
import { useStream } from '../live';
import { Part } from './part';
import { useDeed } from './use-deed';

const roles: { value: RoleName; label: string; hint: string }[] = [
  { value: 'user', label: 'A user', hint: 'Has what is theirs' },
  { value: 'operator', label: 'An operator', hint: 'May also do what you do here' },
];

export function InvitesSection() {
  const toaster = useToaster();
  const client = useQueryClient();
  const now = useStream().serverNow();
  const { isBusy, refusal, run } = useDeed();
  const [role, setRole] = useState<RoleName>('user');
  const [made, setMade] = useState<NewInviteBody | null>(null);
  const query = useQuery({
    queryKey: ['invites'],
    queryFn: ({ signal }) => getJson<InvitesAnswer>('/api/v1/admin/invites', signal),
  });
  const again = () => void client.invalidateQueries({ queryKey: ['invites'] });
  const when = (text: string | null) => formatWhen(parseTime(text) ?? now, now);

  async function make() {
    setMade(null);
    await run(async () => {
      setMade(await sendJson<NewInviteBody>('POST', '/api/v1/admin/invites', { role }));
    });
    again();
  }

  async function takeBack(id: string) {
    const path = `/api/v1/admin/invites/${encodeURIComponent(id)}`;
    if (await run(() => sendJson('DELETE', path))) {
      if (made?.id === id) setMade(null);
      toaster.show({ text: 'The invite is taken back.' });
    }
    again();
  }

  return (
    <Part
      title="Invite somebody"
      lead="A link is good once, for a week. Whoever opens it chooses their own name and password."
      what="invites"
      query={query}
    >
      {({ invites }) => (
        <>
          <div className="people__invite">
            <Choice label="Invite as" options={roles} value={role} onChoose={setRole} />
            <button
              type="button"
              className="button button--main"
              aria-disabled={isBusy}
              onClick={() => void make()}
            >
              Make an invite
            </button>
          </div>
          <Refused words={refusal} />
          {made && (
            <SecretOnce
              key={made.id}
              label="Link to send"
              value={window.location.origin + made.link}
              hint={`Copy it now: it cannot be shown again.${made.expires_at ? ` Good until ${when(made.expires_at)}.` : ''}`}
            />
          )}
          {invites.length === 0 ? (
            <p className="people__none">No invite waits to be used.</p>
          ) : (
            <ul className="people__list" aria-label="Invites that wait">
              {invites.map((invite, i) => (
                <li key={invite.id}>
                  <div>
                    <strong>{invite.role === 'operator' ? 'For an operator' : 'For a user'}</strong>
                    {invite.id === made?.id && <span className="badge">Just made</span>}
                    <div className="people__facts">
                      <span>made {when(invite.created_at)}</span>
                      <span>
                        {invite.expires_at
                          ? `good until ${when(invite.expires_at)}`
                          : 'good until used'}
                      </span>
                    </div>
                  </div>
                  <SureButton
                    label="Take back"
                    of={`invite ${i + 1}`}
                    question="Its link opens nothing any more."
                    isBusy={isBusy}
                    onSure={() => void takeBack(invite.id)}
                  />
                </li>
              ))}
            </ul>
          )}
        </>
      )}
    </Part>
  );
}
