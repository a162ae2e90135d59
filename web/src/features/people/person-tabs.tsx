/** The pages about oneself and others, and the way out. */
import type { MeBody } from '../../domain/api-types';
import { settingsPath, streamsPath, usersPath } from '../../domain/paths';
import { Link } from '../../ui/link';
import { useSignOut } from './person';

export function PersonTabs({ current, me }: { current: 'settings' | 'users'; me: MeBody }) {
  const { isBusy, signOut } = useSignOut();
  const pages = [
    { id: 'settings', path: settingsPath, label: 'Sign-in and keys' },
    { id: 'streams', path: streamsPath, label: 'Streams' },
    ...(me.role === 'operator' ? [{ id: 'users', path: usersPath, label: 'Users' }] : []),
  ];
  return (
    <>
      <nav className="choice" aria-label="Pages about people">
        {pages.map(({ id, path, label }) => (
          <Link
            key={id}
            href={path}
            className="choice__one people__tab"
            {...(id === current ? { 'aria-current': 'page' as const } : {})}
          >
            {label}
          </Link>
        ))}
      </nav>
      <span className="people__who">
        Signed in as <strong>{me.user}</strong>
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
    </>
  );
}
