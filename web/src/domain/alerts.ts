/** What one asks to be told: as it is typed, as it is sent, and in words. */
import type {
  AlertBody,
  AlertRequest,
  AlertState,
  ChannelBody,
  DirectionName,
  RuleType,
} from './api-types';

export type AlertDraft = {
  type: RuleType;
  price: string;
  percent: string;
  direction: DirectionName;
  /** Empty is since the previous close. */
  minutes: string;
  times: string;
  seconds: string;
  words: string;
  /** Armed again after it has fired. */
  again: boolean;
  hysteresis: string;
  /** As the browser's field for date and time has it, in local time; empty is never. */
  expires: string;
  quiet: boolean;
  from: string;
  to: string;
  note: string;
  /** Ids of the channels it goes to; none is all that are on. */
  channels: readonly string[];
};

export const emptyDraft: AlertDraft = {
  type: 'price_above',
  price: '',
  percent: '2',
  direction: 'either',
  minutes: '5',
  times: '3',
  seconds: '60',
  words: '',
  again: false,
  hysteresis: '',
  expires: '',
  quiet: false,
  from: '22:00',
  to: '07:00',
  note: '',
  channels: [],
};

export const typeLabels: Record<RuleType, string> = {
  price_above: 'Price above',
  price_below: 'Price below',
  price_crosses: 'Price crosses',
  percent_change: 'Change in per cent',
  volume_above_usual: 'Volume above usual',
  stale: 'No trades',
  news: 'In the news',
};

export const stateLooks: Record<AlertState, { glyph: string; label: string; meaning: string }> = {
  armed: { glyph: '◉', label: 'Armed', meaning: 'It waits for what it is about.' },
  resting: {
    glyph: '◌',
    label: 'Resting',
    meaning: 'It has fired, and is armed again once the value has gone back.',
  },
  done: { glyph: '✓', label: 'Done', meaning: 'It has fired, which it does once.' },
  expired: { glyph: '⧖', label: 'Expired', meaning: 'Its time is over.' },
  paused: { glyph: '‖', label: 'Paused', meaning: 'You have it wait.' },
};

/** Types that one price is drawn for. */
export function isOnPrice(type: RuleType): boolean {
  return type === 'price_above' || type === 'price_below' || type === 'price_crosses';
}

/** Types that stored bars can tell about. */
export function canBeTried(type: RuleType): boolean {
  return type !== 'stale' && type !== 'news';
}

export type Fault = { field: keyof AlertDraft; message: string };
export type Read<T> = { ok: true; value: T } | { ok: false; fault: Fault };

/** What was typed as the server takes it: digits and at most one point. */
const decimalOf = (text: string): string | null => {
  const plain = text.trim().replaceAll(',', '');
  return /^\d+(\.\d+)?$|^\.\d+$/.test(plain) ? plain.replace(/^\./, '0.') : null;
};

/** The distance of this clock from UTC, as the server takes it. */
export function zoneOf(minutesBehind: number): string {
  const ahead = -minutesBehind;
  const two = (value: number) => String(value).padStart(2, '0');
  const distance = Math.abs(ahead);
  return `${ahead < 0 ? '-' : '+'}${two(Math.floor(distance / 60))}:${two(distance % 60)}`;
}

const wrong = (field: keyof AlertDraft, message: string): Read<never> => ({
  ok: false,
  fault: { field, message },
});

/** A number above zero that was typed, or what is wrong with it. */
function above(draft: AlertDraft, field: 'price' | 'percent' | 'times'): Read<string> {
  const value = decimalOf(draft[field]);
  if (value === null || Number(value) <= 0) return wrong(field, 'Type a number above zero.');
  return { ok: true, value };
}

function whole(draft: AlertDraft, field: 'minutes' | 'seconds'): Read<number> {
  const value = Number(decimalOf(draft[field]) ?? Number.NaN);
  if (!Number.isInteger(value) || value <= 0)
    return wrong(field, 'Type a whole number above zero.');
  return { ok: true, value };
}

/** The rule that was typed, or what is wrong with it. */
export function ruleOf(draft: AlertDraft): Read<AlertRequest['rule']> {
  const { type } = draft;
  switch (type) {
    case 'percent_change': {
      const percent = above(draft, 'percent');
      if (!percent.ok) return percent;
      const rule = { type, percent: percent.value, direction: draft.direction };
      if (draft.minutes.trim() === '') return { ok: true, value: rule };
      const minutes = whole(draft, 'minutes');
      if (!minutes.ok) return minutes;
      return { ok: true, value: { ...rule, window_s: minutes.value * 60 } };
    }
    case 'volume_above_usual': {
      const times = above(draft, 'times');
      return times.ok ? { ok: true, value: { type, times: times.value } } : times;
    }
    case 'stale': {
      const seconds = whole(draft, 'seconds');
      return seconds.ok ? { ok: true, value: { type, seconds: seconds.value } } : seconds;
    }
    case 'news': {
      const words = draft.words.split(',').map((word) => word.trim()).filter(Boolean); // prettier-ignore
      return { ok: true, value: words.length > 0 ? { type, words } : { type } };
    }
    default: {
      const price = above(draft, 'price');
      return price.ok ? { ok: true, value: { type, price: price.value } } : price;
    }
  }
}

type Repeat = Pick<AlertRequest, 'repeat' | 'rearm'>;

/** Whether and how it is armed again, or what is wrong with that. Left empty, the server says by how much. */
export function repeatOf(draft: AlertDraft): Read<Repeat> {
  const { again, type, hysteresis } = draft;
  if (!again || !canRest(type) || hysteresis.trim() === '')
    return { ok: true, value: { repeat: again, rearm: null } };
  const value = decimalOf(hysteresis);
  if (value === null) return wrong('hysteresis', 'Type a number, or leave it empty.');
  return { ok: true, value: { repeat: true, rearm: { hysteresis: value } } };
}

/** Types whose value goes back. */
export function canRest(type: RuleType): boolean {
  return type !== 'stale' && type !== 'news';
}

/** In what the way back is measured. */
export function unitOf(type: RuleType): string {
  if (isOnPrice(type)) return 'in the currency';
  return type === 'volume_above_usual' ? 'in times the usual' : 'in per cent';
}

export function requestOf(
  symbol: string,
  draft: AlertDraft,
  minutesBehind: number,
): Read<AlertRequest> {
  const rule = ruleOf(draft);
  if (!rule.ok) return rule;
  const repeat = repeatOf(draft);
  if (!repeat.ok) return repeat;
  const expires = draft.expires === '' ? null : new Date(draft.expires);
  if (expires && Number.isNaN(expires.getTime()))
    return { ok: false, fault: { field: 'expires', message: 'Choose a day and a time.' } };
  const quiet = draft.quiet
    ? { from: draft.from, to: draft.to, zone: zoneOf(minutesBehind) }
    : null;
  return {
    ok: true,
    value: {
      symbol,
      rule: rule.value,
      channels: [...draft.channels],
      ...repeat.value,
      expires_at: expires ? expires.toISOString() : null,
      quiet,
      note: draft.note.trim(),
      is_paused: false,
    },
  };
}

/** An alert as it would be typed, to be changed. */
export function draftOf(alert: AlertBody): AlertDraft {
  const { rule } = alert;
  const isChange = rule.type === 'percent_change';
  const { window_s: window, seconds } = rule;
  return {
    type: rule.type,
    price: rule.price ?? '',
    percent: rule.percent ?? emptyDraft.percent,
    direction: rule.direction ?? 'either',
    minutes: window === undefined ? (isChange ? '' : emptyDraft.minutes) : String(window / 60),
    times: rule.times ?? emptyDraft.times,
    seconds: seconds === undefined ? emptyDraft.seconds : String(seconds),
    words: rule.words?.join(', ') ?? '',
    again: alert.repeat,
    hysteresis: alert.rearm?.hysteresis ?? '',
    expires: alert.expires_at === null ? '' : localField(new Date(alert.expires_at)),
    quiet: alert.quiet !== null,
    from: alert.quiet?.from ?? emptyDraft.from,
    to: alert.quiet?.to ?? emptyDraft.to,
    note: alert.note,
    channels: alert.channels,
  };
}

/** What there is of the channels that an alert names, by name; null where it names none and so goes to all. */
export function goesTo(
  named: readonly string[],
  channels: readonly Pick<ChannelBody, 'id' | 'name'>[],
): string[] | null {
  if (named.length === 0) return null;
  return channels.filter(({ id }) => named.includes(id)).map(({ name }) => name);
}

/** A moment as the browser's field for date and time has it. */
export function localField(time: Date): string {
  const two = (value: number) => String(value).padStart(2, '0');
  const day = `${time.getFullYear()}-${two(time.getMonth() + 1)}-${two(time.getDate())}`;
  return `${day}T${two(time.getHours())}:${two(time.getMinutes())}`;
}

/** The type that a price asks for where the market stands elsewhere. */
export function typeTowards(price: number, last: number | null): RuleType {
  if (last === null || price === last) return 'price_crosses';
  return price > last ? 'price_above' : 'price_below';
}
