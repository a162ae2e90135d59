import { expect, test } from 'vitest';
import { formatClock } from '../../domain/time';
import { ledgerText } from './ledger-line';

const at = Date.parse('2026-01-05T12:01:03Z');
const ledger = {
  entries: 1240,
  verified_at: '2026-01-05T12:01:03Z',
  verified_entries: 1234,
  is_sound: true,
  damage: null,
};

test('the proof in one line', () => {
  const clock = formatClock(at);
  expect(ledgerText(ledger, at + 5000)).toBe(`Ledger proved ${clock}, 1,234 entries, sound`);
  expect(ledgerText({ ...ledger, is_sound: false }, at)).toContain('damaged');
  expect(ledgerText(ledger, at + 90_000_000)).toContain('Jan 5, 2026');
  expect(ledgerText({ ...ledger, verified_at: null, is_sound: null, entries: 1 }, at)).toBe(
    'Ledger not proved yet, 1 entry',
  );
});
