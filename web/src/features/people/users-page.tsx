/** Everybody who may sign in, for operators: invited, given a role, disabled, let in again. */
import { useEffect, useRef, useState } from 'react';
import { AddUser } from './add-user';
import { InvitesSection } from './invites-section';
import { PersonTabs } from './person-tabs';
import { useMe } from './use-me';
import { UserRow } from './user-row';
import { Part } from './part';
import { useUsers } from './use-users';
import './people.css';

export function UsersPage({ onTitle }: { onTitle: (title: string) => void }) {
  const me = useMe();
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => heading.current?.focus(), []);
  useEffect(() => onTitle('Users'), [onTitle]);
  const isOperator = me?.role === 'operator';
  return (
    <article className="people">
      <header className="people__head">
        <h1 tabIndex={-1} ref={heading}>
          Users
        </h1>
        {me?.shown_by === 'login' && <PersonTabs current="users" me={me} />}
      </header>
      {me === undefined && (
        <p className="notice" role="status">
          Asking who you are…
        </p>
      )}
      {me && !isOperator && (
        <div className="notice">
          <h2>Only operators see who uses this server</h2>
          <p>
            {me.shown_by === 'local'
              ? 'Nobody is its operator yet: the link printed at its first start makes one, and so does “bellwether invite”.'
              : 'Ask one of them if you want somebody to be invited.'}
          </p>
        </div>
      )}
      {me && isOperator && (
        <div className="people__columns">
          <div className="people__column">
            <Everybody oneself={me.user} />
          </div>
          <div className="people__column">
            <InvitesSection />
            <AddUser />
          </div>
        </div>
      )}
    </article>
  );
}

function Everybody({ oneself }: { oneself: string }) {
  const users = useUsers();
  const [words, setWords] = useState('');
  const all = users.data?.pages.flatMap((page) => page.users) ?? [];
  const wanted = words.trim().toLowerCase();
  const shown = all.filter(({ user }) => user.toLowerCase().includes(wanted));
  return (
    <Part
      title="Everybody"
      lead="In the order in which they came. Disabling ends all logins and keys of somebody, and keeps what is theirs."
      what="users"
      query={users}
    >
      {() => (
        <>
          {all.length > 8 && (
            <label className="people__find">
              <span className="unseen">Find a user</span>
              <input
                className="field"
                type="search"
                placeholder="Find a user"
                value={words}
                onChange={(event) => setWords(event.target.value)}
              />
            </label>
          )}
          {all.length === 0 && (
            <p className="people__none">There is nobody yet. Invite somebody.</p>
          )}
          {all.length > 0 && shown.length === 0 && (
            <p className="people__none">
              Nobody of these {all.length} is called so.
              {users.hasNextPage && ' There are more: show them.'}
            </p>
          )}
          <ul className="people__list" aria-label="Users">
            {shown.map((user) => (
              <UserRow key={user.user} body={user} isOneself={user.user === oneself} />
            ))}
          </ul>
          {users.hasNextPage && (
            <button
              type="button"
              className="button"
              aria-disabled={users.isFetchingNextPage}
              onClick={() => {
                if (!users.isFetchingNextPage) void users.fetchNextPage();
              }}
            >
              {users.isFetchingNextPage ? 'Loading…' : 'Show more'}
            </button>
          )}
        </>
      )}
    </Part>
  );
}
