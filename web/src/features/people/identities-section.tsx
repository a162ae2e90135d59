/** The provider by which one signs in: to be linked, and let go of. */
import { useQueryClient, type UseQueryResult } from '@tanstack/react-query';
import type { IdentitiesAnswer } from '../../domain/api-types';
import { formatWhen, parseTime } from '../../domain/time';
import { sendJson } from '../../stream/request';
import { Refused } from '../../ui/refused';
import { SureButton } from '../../ui/sure-button';
import { useToaster } from '../../ui/toast';
import { useStream } from '../live';
import { Part } from './part';
import { outcomeOf } from './provider';
import { useDeed } from './use-deed';

type Props = { provider: string | null; query: UseQueryResult<IdentitiesAnswer> };

function hostOf(issuer: string): string {
  return URL.canParse(issuer) ? new URL(issuer).host : issuer;
}

export function IdentitiesSection({ provider, query }: Props) {
  const toaster = useToaster();
  const client = useQueryClient();
  const now = useStream().serverNow();
  const { isBusy, refusal, run } = useDeed();

  async function remove(id: string, label: string) {
    const path = `/api/v1/identities/${encodeURIComponent(id)}`;
    const isDone = await run(() => sendJson('DELETE', path));
    if (isDone) toaster.show({ text: `${label} does not let you in any more.` });
    void client.invalidateQueries({ queryKey: ['identities'] });
  }

  return (
    <Part
      title="Linked accounts"
      lead="Accounts elsewhere by which you sign in here without a password."
      what="linked accounts"
      query={query}
    >
      {({ identities, has_password: hasPassword }) => (
        <>
          <ul className="people__list" aria-label="Linked accounts">
            {identities.map(({ id, issuer, label, last_used_at }) => (
              <li key={id}>
                <div>
                  <strong>{label}</strong>
                  <div className="people__facts">
                    <span>{hostOf(issuer)}</span>
                    <span>last used {formatWhen(parseTime(last_used_at) ?? now, now)}</span>
                  </div>
                </div>
                {(hasPassword || identities.length > 1) && (
                  <SureButton
                    label="Remove"
                    of={label}
                    question="It does not let you in any more."
                    isBusy={isBusy}
                    onSure={() => void remove(id, label)}
                  />
                )}
              </li>
            ))}
          </ul>
          {identities.length > 0 && !hasPassword && (
            <p className="people__hint">
              You have no password: this is your only way in. An operator may give you one.
            </p>
          )}
          <Refused words={refusal ?? outcomeOf(window.location.search)} />
          {provider !== null && (
            <a className="button" href="/api/v1/oidc/start?link=1">
              Link {provider}
            </a>
          )}
        </>
      )}
    </Part>
  );
}
