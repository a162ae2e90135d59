/** What the list says when there is nothing, or no one, in it yet. */
import { SearchIcon } from '../../ui/icons';

export function EmptyList({ name, onSearch }: { name: string; onSearch: () => void }) {
  return (
    <div className="notice">
      <h2>“{name}” is empty</h2>
      <p>
        Find a company by its name or symbol and press Enter: it is added here and its price follows
        at once.
      </p>
      <button type="button" className="button button--main" onClick={onSearch}>
        <SearchIcon /> Find a symbol
      </button>
    </div>
  );
}

export function FirstVisitHint({ onSearch }: { onSearch: () => void }) {
  return (
    <p className="hint">
      <span>
        A list to begin with. Make it yours:{' '}
        <button type="button" className="hint__link" onClick={onSearch}>
          find a symbol
        </button>{' '}
        <span className="hint__keys">
          with <kbd>/</kbd>, add it with <kbd>Enter</kbd>, move a row with <kbd>Alt</kbd>{' '}
          <kbd>↑</kbd>, see all keys with <kbd>?</kbd>
        </span>
      </span>
    </p>
  );
}
