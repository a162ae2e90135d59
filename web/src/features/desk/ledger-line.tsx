/** When the ledger was last proved, over how many entries, and whether it is sound. */
import { useQuery } from '@tanstack/react-query';
import type { LedgerBody } from '../../domain/api-types';
import { formatClock, formatDate, parseTime } from '../../domain/time';
import { getJson } from '../../stream/request';
import { useServerNow } from './hooks';

const LOOK_EVERY_MS = 20_000;
const DAY_MS = 86_400_000;

function entries(count: number): string {
  const text = String(count).replace(/\B(?=(\d{3})+$)/g, ',');
  return `${text} ${count === 1 ? 'entry' : 'entries'}`;
}

/** `Ledger proved 12:01:03, 1,234 entries, sound`. */
export function ledgerText(ledger: LedgerBody, now: number): string {
  const at = parseTime(ledger.verified_at);
  if (at === null || ledger.is_sound === null)
    return `Ledger not proved yet, ${entries(ledger.entries)}`;
  const when = now - at < DAY_MS ? formatClock(at) : `${formatDate(at)}, ${formatClock(at)}`;
  return `Ledger proved ${when}, ${entries(ledger.verified_entries)}, ${ledger.is_sound ? 'sound' : 'damaged'}`;
}

export function LedgerLine() {
  const now = useServerNow(30_000);
  const { data, error } = useQuery({
    queryKey: ['ledger'],
    queryFn: ({ signal }) => getJson<LedgerBody>('/api/v1/ledger', signal),
    refetchInterval: LOOK_EVERY_MS,
  });
  if (!data)
    return (
      <p className="ledger">
        {error ? `The ledger’s proof could not be read: ${error.message}` : ' '}
      </p>
    );
  const isDamaged = data.is_sound === false;
  return (
    <p
      className="ledger"
      data-sound={data.is_sound}
      role={isDamaged ? 'alert' : undefined}
      title="Every entry, the chain that binds them, every balance and every rule were recomputed"
    >
      <span aria-hidden="true">{isDamaged ? '✕' : data.is_sound ? '✓' : '…'}</span>{' '}
      {ledgerText(data, now)}
      {isDamaged && data.damage && <strong>: {data.damage}</strong>}
    </p>
  );
}
