/** How one is reached with the page closed: channels, what was given up, and new ways. */
import { useEffect, useRef, type ReactNode } from 'react';
import type { QueuedBody } from '../../domain/api-types';
import { sendJson } from '../../stream/request';
import { AddEmail } from './add-email';
import { AddWebhook } from './add-webhook';
import { ChannelCard } from './channel-card';
import { Deliveries } from './deliveries';
import { useChannels, useDeadLetters, useDeed, useMarkHere, wordsOf } from './hooks';
import { Note } from './note';
import { ThisBrowser } from './this-browser';
import './notify.css';

type Props = { tabs: ReactNode; onTitle: (title: string) => void };

export function NotificationsPage({ tabs, onTitle }: Props) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => heading.current?.focus(), []);
  useEffect(() => onTitle('Notifications'), [onTitle]);
  const channels = useChannels();
  const mark = useMarkHere();
  const found = channels.data?.channels;
  const here = found?.find((one) => mark != null && one.endpoint_hash === mark);
  return (
    <article className="account reach">
      <header className="account__head">
        <h1 tabIndex={-1} ref={heading}>
          Notifications
        </h1>
        {tabs}
      </header>
      {!found && channels.isPending && (
        <p className="notice" role="status">
          Loading…
        </p>
      )}
      {!found && channels.error && (
        <div className="notice" role="alert">
          <h2>Your channels cannot be shown</h2>
          <p>{wordsOf(channels.error)}</p>
          <button type="button" className="button" onClick={() => void channels.refetch()}>
            Try again
          </button>
        </div>
      )}
      {found && (
        <div className="reach__columns">
          <div className="reach__main">
            {channels.error && (
              <p className="reach__refusal" role="status">
                <span aria-hidden="true">!</span> This is how it was a while ago:{' '}
                {wordsOf(channels.error)}
              </p>
            )}
            <section aria-labelledby="channels">
              <h2 id="channels">Channels</h2>
              {found.length === 0 ? (
                <div className="reach__empty">
                  <p>
                    <strong>Nothing reaches you yet with the page closed.</strong>
                  </p>
                  <p>
                    Add this browser, an e-mail address or a webhook. Notices then go to all of
                    them.
                  </p>
                </div>
              ) : (
                <ul className="channels">
                  {found.map((one) => (
                    <ChannelCard key={one.id} channel={one} isHere={one === here} />
                  ))}
                </ul>
              )}
            </section>
            {found.length > 0 && <DeadLetters />}
          </div>
          <div className="reach__side">
            <ThisBrowser here={here} />
            <AddEmail isOffered={channels.data?.sends_email ?? false} />
            <AddWebhook />
          </div>
        </div>
      )}
    </article>
  );
}

function DeadLetters() {
  const dead = useDeadLetters();
  const again = useDeed((delivery: string) =>
    sendJson<QueuedBody>('POST', `/api/v1/channels/dead-letters/${delivery}/retry`),
  );
  const found = dead.data?.deliveries ?? [];
  if (found.length === 0) return null;
  return (
    <section aria-labelledby="dead-letters">
      <h2 id="dead-letters">Given up</h2>
      <p className="reach__none">These could not be delivered, and are not tried any more.</p>
      <Note id="again-refused" text={again.refusal} />
      <Deliveries
        label="Given up"
        deliveries={found}
        withChannel
        onAgain={(delivery) => void again.run(delivery)}
      />
    </section>
  );
}
