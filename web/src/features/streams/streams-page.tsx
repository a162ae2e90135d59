/** What is taken in: providers with their streams for operators, one's own queries for everybody else. */
import { useEffect, useRef, useState } from 'react';
import type { ProviderBody, StreamBody, StreamsAnswer } from '../../domain/api-types';
import { newsPath } from '../../domain/paths';
import { emptyDraft } from '../../domain/stream-words';
import { Link } from '../../ui/link';
import { wordsOf } from '../../ui/refused';
import { useStream } from '../live';
import { ProviderCard } from './provider-card';
import { StreamForm } from './stream-form';
import { StreamRow } from './stream-row';
import { useStreams } from './use-streams';
import './streams.css';

export function StreamsPage({ onTitle }: { onTitle: (title: string) => void }) {
  const heading = useRef<HTMLHeadingElement>(null);
  const { data, error, isPending, refetch } = useStreams();
  useEffect(() => heading.current?.focus(), []);
  useEffect(() => onTitle('Streams'), [onTitle]);
  return (
    <article className="streams">
      <header className="streams__head">
        <h1 tabIndex={-1} ref={heading}>
          Streams
        </h1>
        <Link href={newsPath} className="button">
          News
        </Link>
      </header>
      {isPending && (
        <div role="status" className="streams__ghosts">
          <span className="unseen">Loading streams…</span>
          <span className="skeleton" />
          <span className="skeleton" />
        </div>
      )}
      {error && (
        <div className={data ? 'streams__away' : 'notice'} role="alert">
          {!data && <h2>The streams could not be loaded</h2>}
          <p>
            {data && 'This is how it was a while ago. '}
            {wordsOf(error)}
          </p>
          <button type="button" className="button" onClick={() => void refetch()}>
            Try again
          </button>
        </div>
      )}
      {data === null && (
        <div className="notice">
          <h2>This is not shown to you</h2>
          <p>Sign in to see what is taken in, and to have queries of your own.</p>
        </div>
      )}
      {data && (data.quota === null ? <Everything answer={data} /> : <Own answer={data} />)}
    </article>
  );
}

type AnswerProps = { answer: StreamsAnswer };

/** For who may do everything: each provider with what is asked of it. */
function Everything({ answer }: AnswerProps) {
  const now = useStream().serverNow();
  const { providers, streams } = answer;
  const orphans = streams.filter((one) => !providers.some(({ name }) => name === one.provider));
  return (
    <>
      <p className="streams__lead">
        What is taken in, and from where. A stream of prices keeps its symbols coming though nobody
        looks at them; a query brings articles.
      </p>
      {providers.length === 0 && (
        <div className="notice">
          <h2>No provider is set up</h2>
          <p>They are named in the settings, with their keys. See the guide of configuration.</p>
        </div>
      )}
      {providers.map((provider) => (
        <ProviderCard key={provider.name} provider={provider} now={now}>
          <StreamList
            provider={provider}
            streams={streams.filter((one) => one.provider === provider.name)}
            now={now}
          />
        </ProviderCard>
      ))}
      {orphans.length > 0 && (
        <section className="provider" aria-labelledby="orphans">
          <h2 id="orphans">Of providers that are set up no more</h2>
          <Queries label="Of providers that are set up no more" streams={orphans} isOperator />
        </section>
      )}
    </>
  );
}

type ListProps = {
  provider: ProviderBody;
  streams: readonly StreamBody[];
  now: number;
};

function StreamList({ provider, streams, now }: ListProps) {
  const what = provider.kind === 'news' ? 'query' : 'stream';
  return (
    <>
      {streams.length > 0 && (
        <ul className="streams__list" aria-label={`Streams of ${provider.name}`}>
          {streams.map((stream) => (
            <StreamRow key={stream.id} stream={stream} provider={provider} now={now} isOperator />
          ))}
        </ul>
      )}
      {streams.length === 0 && (
        <p className="streams__none">
          {provider.kind === 'news'
            ? 'No query yet: nothing is asked of it.'
            : 'No symbol is kept coming: only what is looked at is taken in.'}
        </p>
      )}
      <Adder providers={[provider]} label={`Add a ${what}`} of={provider.name} isOperator />
    </>
  );
}

type AdderProps = {
  providers: readonly ProviderBody[];
  label: string;
  of: string;
  isOperator: boolean;
};

function Adder({ providers, label, of, isOperator }: AdderProps) {
  const [isOpen, setOpen] = useState(false);
  const opener = useRef<HTMLButtonElement>(null);
  const first = providers[0];
  if (!first) return null;
  if (!isOpen)
    return (
      <button
        type="button"
        className="button streams__add"
        ref={opener}
        aria-label={of ? `${label} of ${of}` : label}
        onClick={() => setOpen(true)}
      >
        {label}
      </button>
    );
  return (
    <StreamForm
      start={emptyDraft(first.name)}
      changes={null}
      providers={providers}
      isOperator={isOperator}
      onClosed={() => {
        setOpen(false);
        requestAnimationFrame(() => opener.current?.focus());
      }}
    />
  );
}

/** For everybody else: their own queries, as many as they may have, and what runs for everybody. */
function Own({ answer }: AnswerProps) {
  const { providers, streams, quota } = answer;
  const own = streams.filter((one) => one.is_own);
  const others = streams.filter((one) => !one.is_own);
  const isFull = quota !== null && quota.used >= quota.most;
  return (
    <>
      <section className="provider" aria-labelledby="own-queries">
        <header className="provider__head">
          <h2 id="own-queries">Your queries</h2>
          {quota && (
            <span className="streams__quota">
              {quota.used} of {quota.most}
            </span>
          )}
        </header>
        <p className="streams__lead">
          What they find stands among the news, and at the symbols it is about.
        </p>
        <Queries label="Your queries" streams={own} providers={providers} />
        {own.length === 0 && <p className="streams__none">You have none yet.</p>}
        {providers.length === 0 && (
          <p className="streams__none">No news provider is set up on this server.</p>
        )}
        {isFull ? (
          <p className="streams__none">
            These are as many as you may have. Stop one, or change it, to look for something else.
          </p>
        ) : (
          <Adder providers={providers} label="Add a query" of="" isOperator={false} />
        )}
      </section>
      {others.length > 0 && (
        <section className="provider" aria-labelledby="other-queries">
          <h2 id="other-queries">For everybody</h2>
          <Queries label="For everybody" streams={others} providers={providers} />
        </section>
      )}
    </>
  );
}

type QueriesProps = {
  label: string;
  streams: readonly StreamBody[];
  providers?: readonly ProviderBody[];
  isOperator?: boolean;
};

function Queries({ label, streams, providers = [], isOperator = false }: QueriesProps) {
  const now = useStream().serverNow();
  if (streams.length === 0) return null;
  return (
    <ul className="streams__list" aria-label={label}>
      {streams.map((stream) => (
        <StreamRow
          key={stream.id}
          stream={stream}
          provider={providers.find(({ name }) => name === stream.provider) ?? null}
          now={now}
          isOperator={isOperator}
        />
      ))}
    </ul>
  );
}
