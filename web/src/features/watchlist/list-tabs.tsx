/** Choosing, making, naming and deleting lists. */
import { lazy, Suspense, useRef, useState, type FormEvent } from 'react';
import { BinIcon, PenIcon, PlusIcon, ShareIcon } from '../../ui/icons';
import { useToaster } from '../../ui/toast';
import {
  createList,
  currentList,
  deleteList,
  NAME_MAX,
  renameList,
  restoreList,
  selectList,
  type Lists,
} from './lists';
import { listsStore, newListId } from './lists-store';

const ListDialog = lazy(async () => ({ default: (await import('./list-dialog')).ListDialog }));

export function ListTabs({ state }: { state: Lists }) {
  const toaster = useToaster();
  const [naming, setNaming] = useState(false);
  const [isOpen, setOpen] = useState(false);
  const pen = useRef<HTMLButtonElement>(null);
  const current = currentList(state);

  function finish(event?: FormEvent<HTMLFormElement>) {
    event?.preventDefault();
    const field = event?.currentTarget.elements.namedItem('name');
    if (field instanceof HTMLInputElement)
      listsStore.update((lists) => renameList(lists, current.id, field.value));
    setNaming(false);
    // The field is gone after this; focus returns to where naming began.
    window.setTimeout(() => pen.current?.focus());
  }

  function create() {
    listsStore.update((lists) => createList(lists, newListId()));
    setNaming(true);
  }

  function remove() {
    const at = state.lists.indexOf(current);
    listsStore.update((lists) => deleteList(lists, current.id));
    toaster.show({
      text: `Deleted “${current.name}”.`,
      undo: () => listsStore.update((lists) => restoreList(lists, current, at)),
    });
  }

  return (
    <div className="lists">
      <ul className="lists__all" aria-label="Watch lists">
        {state.lists.map((list) => (
          <li key={list.id}>
            {naming && list.id === current.id ? (
              <form onSubmit={finish}>
                <input
                  className="field lists__name"
                  name="name"
                  aria-label="Name of the list"
                  defaultValue={list.name}
                  maxLength={NAME_MAX}
                  autoComplete="off"
                  ref={(field) => field?.select()}
                  onBlur={(event) => event.currentTarget.form?.requestSubmit()}
                  onKeyDown={(event) => {
                    if (event.key !== 'Escape') return;
                    event.stopPropagation();
                    finish();
                  }}
                />
              </form>
            ) : (
              <button
                type="button"
                className="lists__tab"
                aria-current={list.id === current.id ? 'true' : undefined}
                onClick={() => listsStore.update((lists) => selectList(lists, list.id))}
              >
                {list.name}
                <span className="lists__count">
                  {list.symbols.length}
                  <span className="unseen"> symbols</span>
                </span>
              </button>
            )}
          </li>
        ))}
      </ul>
      <div className="lists__tools">
        <button
          type="button"
          className="button button--bare"
          aria-label="New list"
          title="New list"
          onClick={create}
        >
          <PlusIcon />
        </button>
        <button
          ref={pen}
          type="button"
          className="button button--bare lists__tool--rare"
          aria-label={`Rename ${current.name}`}
          title="Rename this list"
          onClick={() => setNaming(true)}
        >
          <PenIcon />
        </button>
        <button
          type="button"
          className="button button--bare lists__tool--rare"
          aria-label={`Delete ${current.name}`}
          title="Delete this list"
          onClick={remove}
        >
          <BinIcon />
        </button>
        <button
          type="button"
          className="button button--bare lists__tool--rare"
          aria-label="Share, import, export"
          title="Share, import, export"
          onClick={() => setOpen(true)}
        >
          <ShareIcon />
        </button>
      </div>
      {isOpen && (
        <Suspense fallback={null}>
          <ListDialog list={current} onClose={() => setOpen(false)} />
        </Suspense>
      )}
    </div>
  );
}
