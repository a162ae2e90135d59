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

/** While it is not known yet which lists somebody has. */
export function ListsLoading() {
  return (
    <section className="watchlist" aria-label="Watch list" aria-busy="true">
      <p className="unseen" role="status">
        Loading your lists…
      </p>
      <div className="watchlist__bar">
        <span className="skeleton watchlist__ghost" />
      </div>
      {Array.from({ length: 8 }, (_, i) => (
        <div key={i} className="watchlist__ghosts">
          <span className="skeleton" />
          <span className="skeleton" />
        </div>
      ))}
    </section>
  );
}

export function ListsAway({ message, onRetry }: { message: string; onRetry: () => void }) {
  return (
    <div className="notice" role="alert">
      <h2>Your lists could not be loaded</h2>
      <p>{message} They are safe on the server.</p>
      <button type="button" className="button button--main" onClick={onRetry}>
        Try again
      </button>
    </div>
  );
}
