/** Takes the list along: as a table for spreadsheets, and as the audit log. The browser saves them as they come. */
import type { Filter } from '../../domain/transactions';
import { transactionsPathOf } from './use-transactions';

export function ExportLinks({ filter }: { filter: Filter }) {
  return (
    <div className="exports">
      <a className="button" href={transactionsPathOf(filter, { format: 'csv' })} download>
        Export CSV
      </a>
      <a className="button" href="/api/v1/audit.xml" download>
        Audit log (XML)
      </a>
    </div>
  );
}
