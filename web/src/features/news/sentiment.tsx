/** The tone of an article as a word and a mark, with the words that made it. */
import type { SentimentBody } from '../../domain/api-types';
import { toneLooks, toneWords } from '../../domain/news-words';
import { Tip } from '../../ui/tip';
import './parts.css';

export function Sentiment({ sentiment }: { sentiment: SentimentBody }) {
  const { glyph, label } = toneLooks[sentiment.tone];
  return (
    <Tip words={toneWords(sentiment)}>
      {(describedBy) =>
        describedBy === undefined ? (
          <span className="tone" data-tone={sentiment.tone}>
            <span aria-hidden="true">{glyph}</span> {label}
          </span>
        ) : (
          // A button that only tells: by touch and by keyboard, too.
          <button
            type="button"
            className="tone tone--told"
            data-tone={sentiment.tone}
            aria-describedby={describedBy}
          >
            <span aria-hidden="true">{glyph}</span> <span className="unseen">Tone: </span>
            <span>{label}</span>
          </button>
        )
      }
    </Tip>
  );
}
