/** One stream: what it asks for, how it is doing, and what can be done with it. */
import { useState } from 'react';
import type { ProviderBody, StreamBody } from '../../domain/api-types';
import { newsPathOf, allNews } from '../../domain/news-filter';
import { ageWords } from '../../domain/news-words';
import { asksWords, draftOf, streamLooks } from '../../domain/stream-words';
import { parseTime } from '../../domain/time';
import { Link } from '../../ui/link';
import { Refused } from '../../ui/refused';
import { SureButton } from '../../ui/sure-button';
import { useToaster } from '../../ui/toast';
import { StreamForm } from './stream-form';
import { useStreamDeeds } from './use-streams';

type Props = {
  stream: StreamBody;
  /** Null where it is set up no more: then there is nothing to change but to go on, and to stop. */
  provider: ProviderBody | null;
  now: number;
  isOperator: boolean;
};

export function StreamRow({ stream, provider, now, isOperator }: Props) {
  const toaster = useToaster();
  const deeds = useStreamDeeds();
  const [isChanging, setChanging] = useState(false);
  const { id, name, kind, owner, state, articles, is_paused: isPaused } = stream;
  const look = streamLooks[state];
  const last = parseTime(stream.last_event);
  const who = stream.is_own ? 'yours' : (owner ?? 'the server’s own');
  return (
    <li className="feedrow" data-state={state}>
      <div className="feedrow__what">
        <p>
          <strong>{name}</strong>{' '}
          <span className="feedrow__state" title={look.meaning} data-state={state}>
            <span aria-hidden="true">{look.glyph}</span> {look.label}
          </span>
        </p>
        <p className="feedrow__asks">{asksWords(stream)}</p>
        <p className="feedrow__more">
          <span>{who}</span>
          {kind === 'news' && (
            <span>
              <Link href={newsPathOf({ ...allNews, stream: id })}>
                {articles} {articles === 1 ? 'article' : 'articles'}
                <span className="unseen"> of {name}</span>
              </Link>
            </span>
          )}
          <span>{last === null ? 'nothing yet' : `last ${ageWords(now - last)}`}</span>
        </p>
        {stream.last_error !== null && (
          <p className="provider__error">
            <span aria-hidden="true">!</span> {stream.last_error}
          </p>
        )}
      </div>
      {(isOperator || stream.is_own) && (
        <div className="feedrow__deeds">
          <button
            type="button"
            className="button"
            aria-disabled={deeds.isBusy}
            aria-label={`${isPaused ? 'Go on with' : 'Pause'} ${name}`}
            onClick={() => void deeds.change(id, { is_paused: !isPaused })}
          >
            {isPaused ? 'Go on' : 'Pause'}
          </button>
          {provider && (
            <button
              type="button"
              className="button"
              aria-expanded={isChanging}
              aria-label={`Change ${name}`}
              onClick={() => setChanging(!isChanging)}
            >
              Change
            </button>
          )}
          <SureButton
            label="Stop"
            of={name}
            question="It ends for good; its articles stay."
            isBusy={deeds.isBusy}
            onSure={() =>
              void deeds.stop(id).then((done) => {
                if (done) toaster.show({ text: `“${name}” is stopped.` });
              })
            }
          />
        </div>
      )}
      <Refused words={deeds.refusal ?? deeds.fault?.words ?? null} />
      {isChanging && provider && (
        <StreamForm
          start={draftOf(stream)}
          changes={stream}
          providers={[provider]}
          isOperator={isOperator}
          onClosed={() => setChanging(false)}
        />
      )}
    </li>
  );
}
