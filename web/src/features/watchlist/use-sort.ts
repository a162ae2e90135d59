/** How the rows are sorted: chosen once for every list, and remembered. */
import { useState } from 'react';
import { readStored, writeStored } from '../../ui/stored';
import { useToaster } from '../../ui/toast';
import { columns, parseSort, type Sort } from './columns';

export function useSort(): [Sort | null, (next: Sort | null) => void] {
  const toaster = useToaster();
  const [sort, setSort] = useState<Sort | null>(() => parseSort(readStored('sort')));
  function choose(next: Sort | null) {
    setSort(next);
    writeStored('sort', next);
    const label = columns.find(({ id }) => id === next?.column)?.label;
    toaster.announce(
      next
        ? `Sorted by ${label}, ${next.descending ? 'descending' : 'ascending'}.`
        : 'In your own order.',
    );
  }
  return [sort, choose];
}
