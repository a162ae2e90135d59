/** Which transactions are listed: the server filters, the search looks through what is listed. */
import { everything, isFiltered, kindNames, kinds, type Filter } from '../../domain/transactions';

type Props = {
  filter: Filter;
  words: string;
  onFilter: (filter: Filter) => void;
  onWords: (words: string) => void;
};

export function TransactionsFilter({ filter, words, onFilter, onWords }: Props) {
  const set = (part: Partial<Filter>) => onFilter({ ...filter, ...part });
  return (
    <div className="filter" role="search" aria-label="Transactions">
      <label>
        Kind
        <select
          className="field"
          value={filter.kind}
          onChange={(event) => set({ kind: event.target.value as Filter['kind'] })}
        >
          <option value="">All</option>
          {kindNames.map((kind) => (
            <option key={kind} value={kind}>
              {kinds[kind].label}
            </option>
          ))}
        </select>
      </label>
      <label>
        Symbol
        <input
          className="field"
          size={8}
          maxLength={32}
          autoComplete="off"
          autoCapitalize="characters"
          spellCheck={false}
          value={filter.symbol}
          onChange={(event) => set({ symbol: event.target.value.toUpperCase() })}
        />
      </label>
      <label>
        From
        <input
          className="field"
          type="datetime-local"
          value={filter.from}
          onChange={(event) => set({ from: event.target.value })}
        />
      </label>
      <label>
        Until
        <input
          className="field"
          type="datetime-local"
          value={filter.to}
          onChange={(event) => set({ to: event.target.value })}
        />
      </label>
      <label className="filter__words">
        Search in the list
        <input
          className="field"
          type="search"
          autoComplete="off"
          value={words}
          onChange={(event) => onWords(event.target.value)}
        />
      </label>
      {(isFiltered(filter) || words) && (
        <button
          type="button"
          className="button"
          onClick={() => {
            onFilter(everything);
            onWords('');
          }}
        >
          Show all
        </button>
      )}
    </div>
  );
}
