import { expect, test } from 'vitest';
import { callDue, countdown, formatCountdown, type Call } from './countdown';

const created_at = '2026-01-05T15:00:00Z';
const expires_at = '2026-01-05T15:01:00Z';
const begin = Date.parse(created_at);
const after = (ms: number) => countdown({ created_at, expires_at }, begin + ms);

test('counts whole seconds down, and the last millisecond is still good', () => {
  expect(after(0)).toEqual({ seconds: 60, part: 1, isOver: false });
  expect(after(1)).toMatchObject({ seconds: 60, isOver: false });
  expect(after(30_000)).toEqual({ seconds: 30, part: 0.5, isOver: false });
  expect(after(59_999)).toMatchObject({ seconds: 1, isOver: false });
  expect(after(60_000)).toEqual({ seconds: 0, part: 0, isOver: false });
  expect(after(60_001)).toEqual({ seconds: 0, part: 0, isOver: true });
});

test('a clock that is behind shows no more than all, a broken time is over', () => {
  expect(after(-5_000)).toMatchObject({ part: 1, isOver: false });
  expect(countdown({ created_at: '', expires_at: '' }, begin).isOver).toBe(true);
});

test('said at the start, at ten seconds and at the end, once each', () => {
  const said: Call[] = [];
  let last: Call | null = null;
  for (let ms = 0; ms < 70_000; ms += 250) {
    const due = callDue(last, after(ms));
    if (due) said.push((last = due));
  }
  expect(said).toEqual(['begun', 'last', 'over']);
});

test('who comes late hears what is left to hear', () => {
  expect(callDue(null, after(55_000))).toBe('begun');
  expect(callDue('begun', after(55_000))).toBe('last');
  expect(callDue(null, after(61_000))).toBe('over');
  expect(callDue('over', after(61_000))).toBeNull();
});

test('as a clock', () => {
  expect(formatCountdown(60)).toBe('1:00');
  expect(formatCountdown(9)).toBe('0:09');
});
