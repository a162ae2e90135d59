/** The order of one's lists, each moved by a place at a time. */
import { useToaster } from '../../ui/toast';
import { moveList, type Lists, type WatchList } from './lists';
import { listsStore } from './lists-store';

export function ListOrder({ lists }: { lists: Lists['lists'] }) {
  const toaster = useToaster();

  function move(list: WatchList, at: number, by: -1 | 1) {
    if (!lists[at + by]) return;
    listsStore.update((state) => moveList(state, list.id, by));
    toaster.announce(`“${list.name}” is now ${at + by + 1} of ${lists.length}.`);
  }

  return (
    <ol className="carry__order">
      {lists.map((list, at) => (
        <li key={list.id}>
          <span>{list.name}</span>
          <button
            type="button"
            className="button button--bare"
            aria-label={`Move ${list.name} up`}
            aria-disabled={at === 0}
            onClick={() => move(list, at, -1)}
          >
            <span aria-hidden="true">↑</span>
          </button>
          <button
            type="button"
            className="button button--bare"
            aria-label={`Move ${list.name} down`}
            aria-disabled={at === lists.length - 1}
            onClick={() => move(list, at, 1)}
          >
            <span aria-hidden="true">↓</span>
          </button>
        </li>
      ))}
    </ol>
  );
}
