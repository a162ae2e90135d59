/** The way in: signing in, and the link by which one becomes somebody. */
import { useEffect, useId, useRef, useState, type FormEvent } from 'react';
import { watchlistPath } from '../../domain/paths';
import type { OidcStartAnswer } from '../../domain/api-types';
import { refusalOf, RequestError, unreachable } from '../../stream/request';
import { Field } from './field';
import { outcomeOf, useProvider } from './provider';
import './people.css';

type Props = { kind: 'sign-in' | 'welcome'; onTitle: (title: string) => void };

const words = {
  'sign-in': {
    title: 'Sign in',
    busy: 'Signing in…',
    lead: 'Prices are open to everyone. Trading, and what is yours alone, needs to know who you are.',
    path: '/api/v1/signin',
  },
  welcome: {
    title: 'Welcome to Bellwether',
    busy: 'Making your account…',
    lead: 'Choose the name and the password you sign in with. What was traded on this server before stays with its first operator.',
    path: '/api/v1/invites/accept',
  },
} as const;

async function send(path: string, body: object): Promise<Response> {
  let answer: Response;
  try {
    answer = await fetch(path, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/json' },
      body: JSON.stringify(body),
    });
  } catch {
    throw unreachable();
  }
  if (!answer.ok) throw await refusalOf(answer);
  return answer;
}

/** The token stands behind `#`, which no server and no log is shown. */
function token(): string {
  return window.location.hash.slice(1);
}

export function DoorPage({ kind, onTitle }: Props) {
  const { title, busy, lead, path } = words[kind];
  const heading = useRef<HTMLHeadingElement>(null);
  const note = useId();
  const [user, setUser] = useState('');
  const [password, setPassword] = useState('');
  const [isBusy, setBusy] = useState(false);
  const [refusal, setRefusal] = useState(() => outcomeOf(window.location.search));
  const provider = useProvider();
  useEffect(() => heading.current?.focus(), []);
  useEffect(() => onTitle(title), [onTitle, title]);

  async function submit(event: FormEvent) {
    event.preventDefault();
    if (isBusy) return;
    if (user === '' || password === '') {
      setRefusal('A name and a password, please.');
      return;
    }
    await leave(async () => {
      await send(
        path,
        kind === 'welcome' ? { token: token(), user, password } : { user, password },
      );
      // From here on everything, the stream too, is asked for as this person: begin anew.
      return watchlistPath;
    });
  }

  async function leave(ask: () => Promise<string>) {
    setBusy(true);
    setRefusal(null);
    try {
      window.location.assign(await ask());
    } catch (error) {
      setBusy(false);
      setRefusal(
        error instanceof RequestError ? error.message : 'The page could not read the answer.',
      );
    }
  }

  /** The invite goes along; a name that was typed is wanted. */
  function continueInvited() {
    if (isBusy) return;
    void leave(async () => {
      const answer = await send('/api/v1/oidc/start', { token: token(), user });
      return ((await answer.json()) as OidcStartAnswer).location;
    });
  }

  if (kind === 'welcome' && token() === '') {
    return (
      <div className="notice">
        <h1 tabIndex={-1} ref={heading}>
          This link is not whole
        </h1>
        <p>
          What stands behind the # is missing. Open the link as the server printed it, or have
          another made with <code>bellwether invite</code>.
        </p>
      </div>
    );
  }
  return (
    <article className="door">
      <h1 tabIndex={-1} ref={heading}>
        {title}
      </h1>
      <p>{lead}</p>
      <form className="door__form" noValidate onSubmit={(event) => void submit(event)}>
        <Field
          label="Name"
          value={user}
          autoComplete="username"
          describedBy={note}
          onChange={setUser}
        />
        <Field
          label="Password"
          type="password"
          value={password}
          autoComplete={kind === 'welcome' ? 'new-password' : 'current-password'}
          describedBy={note}
          onChange={setPassword}
        />
        <div role="alert" id={note}>
          {refusal !== null && (
            <p className="door__refusal">
              <span aria-hidden="true">!</span>
              <strong>{refusal}</strong>
            </p>
          )}
        </div>
        <button type="submit" className="button button--main" aria-disabled={isBusy}>
          {isBusy ? busy : kind === 'welcome' ? 'Make my account' : 'Sign in'}
        </button>
      </form>
      {provider !== null && (
        <div className="door__other">
          <p>{kind === 'welcome' ? 'Or without a password:' : 'Or:'}</p>
          {kind === 'welcome' ? (
            <button
              type="button"
              className="button"
              aria-disabled={isBusy}
              onClick={continueInvited}
            >
              Continue with {provider}
            </button>
          ) : (
            <a className="button" href="/api/v1/oidc/start">
              Continue with {provider}
            </a>
          )}
        </div>
      )}
    </article>
  );
}
