/** The amounts that tickets were asked for, so that one which ran out can be asked for again. */
import type { TicketBody } from '../../domain/api-types';
import { readStored, writeStored } from '../../ui/stored';

const KEPT = 60;

function all(): [id: string, amount: string][] {
  const stored = readStored('asked');
  if (!Array.isArray(stored)) return [];
  return (stored as unknown[]).filter(
    (one): one is [string, string] =>
      Array.isArray(one) && typeof one[0] === 'string' && typeof one[1] === 'string',
  );
}

export function rememberAsked(id: string, amount: string): void {
  writeStored('asked', [[id, amount], ...all()].slice(0, KEPT));
}

/** A ticket of another browser is asked for again by what it came to. */
export function askedAmount({ id, total }: TicketBody): string {
  return all().find(([known]) => known === id)?.[1] ?? total;
}
