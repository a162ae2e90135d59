/** What moved this? Unusual moves of the symbol, each with the articles just before and after it. */
import { useId, useState } from 'react';
import type { MoveBody } from '../../domain/api-types';
import { deviationWords, lagWords, sourceName } from '../../domain/news-words';
import { directionGlyph, directionOf, directionWord, formatPercent } from '../../domain/price';
import { formatDay, formatHourMinute, zoneLabel, type Zone } from '../../domain/time';
import { wordsOf } from '../../ui/refused';
import { SourceLink } from './source-link';
import type { useMoves } from './use-symbol-news';

type Props = {
  zone: Zone;
  moves: ReturnType<typeof useMoves>;
  /** Shows a moment in the chart. */
  onShow: (at: number) => void;
};

/** The newest; more are a press away. */
const FIRST = 5;

export function MovesPanel({ zone, moves, onShow }: Props) {
  const id = useId();
  const { data, error, isPending } = moves;
  const [showsAll, setShowsAll] = useState(false);
  const shown = data?.moves.slice(0, showsAll ? undefined : FIRST) ?? [];
  return (
    <section className="moves" aria-labelledby={id}>
      <h2 id={id}>What moved this?</h2>
      {isPending && <p role="status">Looking for unusual moves…</p>}
      {error && !data && <p role="alert">The moves could not be loaded. {wordsOf(error)}</p>}
      {data?.moves.length === 0 && (
        <p className="symbolnews__none">
          {data.looked_from === null
            ? 'No minute of it is stored yet to be looked through.'
            : 'No unusual move in the stored days.'}
        </p>
      )}
      {data && data.moves.length > 0 && (
        <>
          <p className="symbolnews__words">{data.note}</p>
          <ol className="moves__list">
            {shown.map((move) => (
              <Move
                key={move.onset}
                move={move}
                minutes={data.minutes}
                zone={zone}
                onShow={onShow}
              />
            ))}
          </ol>
          {shown.length < data.moves.length && (
            <button
              type="button"
              className="button symbolnews__more"
              onClick={() => setShowsAll(true)}
            >
              Show all {data.moves.length}
            </button>
          )}
        </>
      )}
    </section>
  );
}

type MoveProps = { move: MoveBody; minutes: number; zone: Zone; onShow: (at: number) => void };

function Move({ move, minutes, zone, onShow }: MoveProps) {
  const { onset, change_percent: change, deviations, articles } = move;
  const at = Date.parse(onset);
  const when = `${formatDay(at, zone)} ${formatHourMinute(at, zone)}`;
  const direction = directionOf(change);
  const byTime = [...articles].sort((a, b) => a.lag_s - b.lag_s);
  return (
    <li className="move">
      <p className="move__what">
        <button
          type="button"
          className="moment"
          title="Show in the chart"
          aria-label={`${when} ${zoneLabel[zone]}, show in the chart`}
          onClick={() => onShow(at)}
        >
          {when} {zoneLabel[zone]}
        </button>
        <strong className={`is-${direction}`}>
          <span className="unseen">{directionWord[direction]} </span>
          <span aria-hidden="true">{directionGlyph[direction]} </span>
          {formatPercent(change)}
        </strong>
        <span>
          in {minutes} min, {deviationWords(deviations)}
        </span>
      </p>
      {byTime.length > 0 ? (
        <ul aria-label="Articles around it">
          {byTime.map(({ lag_s: lag, article }) => (
            <li key={article.id}>
              <span className="move__lag">{lagWords(lag)}</span>
              <span>
                <SourceLink article={article} /> <small>{sourceName(article.source)}</small>
              </span>
            </li>
          ))}
        </ul>
      ) : (
        <p className="symbolnews__none">No article was near it.</p>
      )}
    </li>
  );
}
