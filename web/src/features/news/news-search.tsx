/** Which articles are listed: the boolean language, and three plain choices. */
import { useId, useState, type FormEvent } from 'react';
import { allNews, isNarrowed, type NewsFilter } from '../../domain/news-filter';
import { searchFault, sourceName } from '../../domain/news-words';
import { Refused, wordsOf } from '../../ui/refused';

type Props = {
  filter: NewsFilter;
  sources: readonly string[];
  streams: readonly { id: string; name: string }[];
  /** What is wrong with the search, as the server says it. */
  fault: Error | null;
  onFilter: (filter: NewsFilter) => void;
};

export function NewsSearch({ filter, sources, streams, fault, onFilter }: Props) {
  const hint = useId();
  const wrong = useId();
  const [typed, setTyped] = useState({ q: filter.q, symbol: filter.symbol });
  const [told, setTold] = useState(filter);
  // The way back leads to an earlier search: the fields follow.
  if (told !== filter) {
    setTold(filter);
    setTyped({ q: filter.q, symbol: filter.symbol });
  }
  const wanting = fault && searchFault(fault.message);
  const words = wanting && wordsOf(new Error(wanting.words));
  const set = (part: Partial<NewsFilter>) =>
    onFilter({ ...filter, q: typed.q.trim(), symbol: typed.symbol.trim().toUpperCase(), ...part });

  function submit(event: FormEvent) {
    event.preventDefault();
    set({});
  }

  return (
    <form className="newsfilter" role="search" aria-label="News" onSubmit={submit}>
      <label className="newsfilter__words">
        Search
        <input
          className="field"
          type="search"
          name="q"
          maxLength={500}
          autoComplete="off"
          spellCheck={false}
          value={typed.q}
          placeholder="chips AND NOT “potato chips”"
          aria-describedby={fault === null ? hint : wrong}
          aria-invalid={fault !== null}
          onChange={(event) => setTyped({ ...typed, q: event.target.value })}
        />
      </label>
      <label>
        Symbol
        <input
          className="field"
          name="symbol"
          size={8}
          maxLength={32}
          autoComplete="off"
          autoCapitalize="characters"
          spellCheck={false}
          value={typed.symbol}
          onChange={(event) => setTyped({ ...typed, symbol: event.target.value.toUpperCase() })}
          onBlur={() => {
            if (typed.symbol !== filter.symbol) set({});
          }}
        />
      </label>
      <label>
        Source
        <select
          className="field"
          value={filter.source}
          onChange={(event) => set({ source: event.target.value })}
        >
          <option value="">All</option>
          {sources.map((source) => (
            <option key={source} value={source}>
              {sourceName(source)}
            </option>
          ))}
        </select>
      </label>
      {streams.length > 0 && (
        <label>
          Query
          <select
            className="field"
            value={filter.stream}
            onChange={(event) => set({ stream: event.target.value })}
          >
            <option value="">All</option>
            {streams.map(({ id, name }) => (
              <option key={id} value={id}>
                {name}
              </option>
            ))}
          </select>
        </label>
      )}
      <div className="newsfilter__deeds">
        <button type="submit" className="button button--main">
          Search
        </button>
        {(isNarrowed(filter) || typed.q !== '' || typed.symbol !== '') && (
          <button type="button" className="button" onClick={() => onFilter(allNews)}>
            Show all
          </button>
        )}
      </div>
      <p className="newsfilter__hint" id={hint}>
        Words with <code>AND</code>, <code>OR</code>, <code>NOT</code>, <code>"phrases"</code> and{' '}
        <code>( )</code>.
      </p>
      <div className="newsfilter__fault">
        <Refused id={wrong} words={words} />
        {wanting?.at != null && <Pointed text={filter.q} at={wanting.at} />}
      </div>
    </form>
  );
}

/** The search with the place that is meant; the words say it for who does not see it. */
function Pointed({ text, at }: { text: string; at: number }) {
  // The server counts characters, not the halves that some are made of here.
  const characters = [...text];
  return (
    <p className="newsfilter__pointed" aria-hidden="true">
      <code>
        {characters.slice(0, at).join('')}
        <mark>{characters[at] ?? '\u00a0'}</mark>
        {characters.slice(at + 1).join('')}
      </code>
    </p>
  );
}
