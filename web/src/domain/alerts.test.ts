import { describe, expect, it } from 'vitest';
import type { AlertBody } from './api-types';
import {
  draftOf,
  emptyDraft,
  goesTo,
  localField,
  repeatOf,
  requestOf,
  ruleOf,
  typeTowards,
  zoneOf,
} from './alerts';

const alert: AlertBody = {
  id: '7',
  symbol: 'AAPL',
  text: 'AAPL above 190.5',
  rule: { type: 'price_above', price: '190.5' },
  channels: ['31'],
  repeat: true,
  rearm: { hysteresis: '0.25' },
  expires_at: '2030-01-05T15:30:00Z',
  quiet: { from: '22:00', to: '07:00', zone: '+01:00' },
  note: 'sell',
  state: 'armed',
  fired: 0,
  last_fired_at: null,
  version: 1,
  created_at: '2026-01-05T15:00:00Z',
  updated_at: '2026-01-05T15:00:00Z',
};

describe('what is typed', () => {
  it('is sent as the server takes it', () => {
    const draft = { ...emptyDraft, price: '1,190.50', note: ' sell ' };
    expect(requestOf('AAPL', draft, -60)).toEqual({
      ok: true,
      value: {
        symbol: 'AAPL',
        rule: { type: 'price_above', price: '1190.50' },
        channels: [],
        repeat: false,
        rearm: null,
        expires_at: null,
        quiet: null,
        note: 'sell',
        is_paused: false,
      },
    });
  });

  it('has what its kind needs, and no more', () => {
    const rule = (type: typeof emptyDraft.type, part = {}) => ruleOf({ ...emptyDraft, type, price: '5', words: 'a, ,b', ...part }); // prettier-ignore
    expect(rule('percent_change')).toEqual({
      ok: true,
      value: { type: 'percent_change', percent: '2', window_s: 300, direction: 'either' },
    });
    expect(rule('percent_change', { minutes: ' ', percent: '.5' })).toEqual({
      ok: true,
      value: { type: 'percent_change', percent: '0.5', direction: 'either' },
    });
    expect(rule('volume_above_usual')).toEqual({
      ok: true,
      value: { type: 'volume_above_usual', times: '3' },
    });
    expect(rule('stale')).toEqual({ ok: true, value: { type: 'stale', seconds: 60 } });
    expect(rule('news')).toEqual({ ok: true, value: { type: 'news', words: ['a', 'b'] } });
  });

  it('is refused beside its field', () => {
    for (const [part, field] of [
      [{ price: '' }, 'price'],
      [{ price: 'a' }, 'price'],
      [{ price: '0' }, 'price'],
      [{ type: 'stale', seconds: '1.5' }, 'seconds'],
      [{ type: 'percent_change', minutes: '0' }, 'minutes'],
      [{ price: '1', again: true, hysteresis: 'x' }, 'hysteresis'],
      [{ price: '1', expires: 'tomorrow' }, 'expires'],
    ] as const) {
      const read = requestOf('AAPL', { ...emptyDraft, ...part }, 0);
      expect(read.ok ? null : read.fault.field).toBe(field);
    }
  });

  it('comes back from an alert', () => {
    const draft = draftOf(alert);
    expect(draft.expires).toBe(localField(new Date('2030-01-05T15:30:00Z')));
    const read = requestOf('AAPL', draft, -60);
    expect(read.ok && read.value).toEqual({
      symbol: 'AAPL',
      rule: alert.rule,
      channels: ['31'],
      repeat: true,
      rearm: alert.rearm,
      expires_at: '2030-01-05T15:30:00.000Z',
      quiet: alert.quiet,
      note: 'sell',
      is_paused: false,
    });
  });
});

it('repeats by what the server says where nothing is typed', () => {
  expect(repeatOf({ ...emptyDraft, again: true })).toEqual({
    ok: true,
    value: { repeat: true, rearm: null },
  });
});

it('names the channels that are left', () => {
  const channels = [
    { id: '31', name: 'Chat' },
    { id: '32', name: 'Mail' },
  ];
  expect([goesTo([], channels), goesTo(['32', '30'], channels), goesTo(['30'], channels)]).toEqual([
    null,
    ['Mail'],
    [],
  ]);
});

it('a clock has its distance from UTC', () => {
  expect([0, -60, 300, -330].map(zoneOf)).toEqual(['+00:00', '+01:00', '-05:00', '+05:30']);
});

it('a price above the market asks for above, one below for below', () => {
  expect([typeTowards(2, 1), typeTowards(1, 2), typeTowards(1, 1), typeTowards(1, null)]).toEqual([
    'price_above',
    'price_below',
    'price_crosses',
    'price_crosses',
  ]);
});
