/** One's own sign-in: the password, the browsers one is signed in with, and keys for scripts. */
import { useQuery } from '@tanstack/react-query';
import { useEffect, useRef } from 'react';
import type { IdentitiesAnswer } from '../../domain/api-types';
import { getJson } from '../../stream/request';
import { IdentitiesSection } from './identities-section';
import { KeysSection } from './keys-section';
import { LoginsSection } from './logins-section';
import { PasswordForm } from './password-form';
import { PersonTabs } from './person-tabs';
import { useProvider } from './provider';
import { useMe } from './use-me';
import './people.css';

export function SettingsPage({ onTitle }: { onTitle: (title: string) => void }) {
  const me = useMe();
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => heading.current?.focus(), []);
  useEffect(() => onTitle('Sign-in and keys'), [onTitle]);
  return (
    <article className="people">
      <header className="people__head">
        <h1 tabIndex={-1} ref={heading}>
          Sign-in and keys
        </h1>
        {me?.shown_by === 'login' && <PersonTabs current="settings" me={me} />}
      </header>
      {me === undefined && (
        <p className="notice" role="status">
          Asking who you are…
        </p>
      )}
      {me && me.shown_by !== 'login' && (
        <div className="notice">
          <h2>Nobody has to sign in here yet</h2>
          <p>
            This server is used from this machine alone, as <strong>{me.user}</strong>. Become its
            first operator by the link it printed when it was first started, or have another made
            with <code>bellwether invite</code>: then there is a password to change, and keys to
            make.
          </p>
        </div>
      )}
      {me?.shown_by === 'login' && (
        <div className="people__columns">
          <div className="people__column">
            <LoginsSection />
            <KeysSection />
          </div>
          <div className="people__column">
            <WaysIn user={me.user} />
          </div>
        </div>
      )}
    </article>
  );
}

/** What one shows at the door: the password, where there is one, and accounts elsewhere. */
function WaysIn({ user }: { user: string }) {
  const provider = useProvider();
  const query = useQuery({
    queryKey: ['identities'],
    queryFn: ({ signal }) => getJson<IdentitiesAnswer>('/api/v1/identities', signal),
  });
  const isLinked = query.data !== undefined && query.data.identities.length > 0;
  return (
    <>
      {query.data?.has_password !== false && <PasswordForm user={user} />}
      {(provider !== null || isLinked) && <IdentitiesSection provider={provider} query={query} />}
    </>
  );
}
