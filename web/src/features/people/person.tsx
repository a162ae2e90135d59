/** Who is signed in, and the way out; for nobody, the way in. */
import { useState } from 'react';
import type { MeBody } from '../../domain/api-types';
import { settingsPath, signInPath, watchlistPath } from '../../domain/paths';
import { PersonIcon } from '../../ui/icons';
import { Link } from '../../ui/link';
import { useToaster } from '../../ui/toast';
import { useMe } from './use-me';
import './people.css';

/** In the page's head: for nobody the way in, for somebody the way to what is about them. */
export function SignInLink({ isCurrent }: { isCurrent: boolean }) {
  const me = useMe();
  const current = isCurrent ? { 'aria-current': 'page' as const } : {};
  if (me === null)
    return (
      <Link href={signInPath} className="button" {...current}>
        Sign in
      </Link>
    );
  if (me?.shown_by !== 'login') return null;
  return (
    <Link
      href={settingsPath}
      className="button button--bare me"
      title={`${me.user}: sign-in and keys`}
      aria-label={`${me.user}: sign-in and keys`}
      {...current}
    >
      <PersonIcon />
    </Link>
  );
}

export function useSignOut(): { isBusy: boolean; signOut: () => Promise<void> } {
  const toaster = useToaster();
  const [isBusy, setBusy] = useState(false);
  async function signOut() {
    if (isBusy) return;
    setBusy(true);
    try {
      const answer = await fetch('/api/v1/signout', { method: 'POST' });
      if (!answer.ok) throw new Error(`the server answered ${answer.status}`);
      window.location.assign(watchlistPath);
    } catch {
      setBusy(false);
      toaster.show({ text: 'You are still signed in: the server could not be asked.' });
    }
  }
  return { isBusy, signOut };
}

/** Above the account: whose it is. The local user of a new server needs no word about it. */
export function Person() {
  const me = useMe();
  return me?.shown_by === 'login' ? <SignedIn me={me} /> : null;
}

function SignedIn({ me }: { me: MeBody }) {
  const { isBusy, signOut } = useSignOut();
  return (
    <p className="person">
      <span>
        Signed in as{' '}
        <Link href={settingsPath} title="Sign-in and keys">
          <strong>{me.user}</strong>
        </Link>
        {me.role === 'operator' && ', operator'}
      </span>
      <button
        type="button"
        className="button"
        aria-disabled={isBusy}
        onClick={() => void signOut()}
      >
        Sign out
      </button>
    </p>
  );
}

/** In place of what is somebody's own. */
export function AskToSignIn({ what }: { what: string }) {
  return (
    <div className="notice">
      <h1>Sign in to see {what}</h1>
      <p>It is somebody’s own, and this server does not know yet who you are.</p>
      <Link href={signInPath} className="button button--main">
        Sign in
      </Link>
    </div>
  );
}
