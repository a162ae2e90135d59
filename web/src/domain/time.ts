/** Times as text: in New York's clock, in UTC, or in the reader's own. */

declare const msBrand: unique symbol;
/** Milliseconds since 1970, UTC. */
export type EpochMs = number & { readonly [msBrand]: true };

export type Zone = 'America/New_York' | 'UTC';

export const zoneLabel: Record<Zone, string> = { 'America/New_York': 'ET', UTC: 'UTC' };

export function parseTime(text: string | null | undefined): EpochMs | null {
  if (!text) return null;
  const ms = Date.parse(text);
  return Number.isNaN(ms) ? null : (ms as EpochMs);
}

export function toRfc3339(ms: number): string {
  return new Date(ms).toISOString().replace('.000Z', 'Z');
}

const clocks = new Map<string, Intl.DateTimeFormat>();

function formatter(zone: Zone | undefined, options: Intl.DateTimeFormatOptions, key: string) {
  const name = `${zone ?? 'local'}/${key}`;
  let made = clocks.get(name);
  if (!made) {
    made = new Intl.DateTimeFormat('en-US', {
      hourCycle: 'h23',
      ...(zone ? { timeZone: zone } : {}),
      ...options,
    });
    clocks.set(name, made);
  }
  return made;
}

const hms = { hour: '2-digit', minute: '2-digit', second: '2-digit' } as const;
const hm = { hour: '2-digit', minute: '2-digit' } as const;
const day = { weekday: 'short', month: 'short', day: 'numeric' } as const;
const date = { year: 'numeric', month: 'short', day: 'numeric' } as const;

const CLOCKS_KEPT = 500;
const clockTexts = new Map<string, Map<number, string>>();

/** Hundreds of rows show the same few seconds, and the browser's own formatting is slow. */
export function formatClock(ms: number, zone?: Zone): string {
  const second = Math.floor(ms / 1000);
  const name = zone ?? 'local';
  let texts = clockTexts.get(name);
  if (!texts) clockTexts.set(name, (texts = new Map<number, string>()));
  let text = texts.get(second);
  if (text === undefined) {
    if (texts.size >= CLOCKS_KEPT) texts.clear();
    text = formatter(zone, hms, 'hms').format(second * 1000);
    texts.set(second, text);
  }
  return text;
}

export function formatHourMinute(ms: number, zone?: Zone): string {
  return formatter(zone, hm, 'hm').format(ms);
}

export function formatDay(ms: number, zone?: Zone): string {
  return formatter(zone, day, 'day').format(ms);
}

export function formatDate(ms: number, zone?: Zone): string {
  return formatter(zone, date, 'date').format(ms);
}

/** The clock for today's times, the day for older ones; `now` is an input. */
export function formatWhen(ms: number, now: number, zone?: Zone): string {
  return now - ms < 20 * 3_600_000 && now >= ms - 60_000
    ? formatClock(ms, zone)
    : formatDay(ms, zone);
}

/** `2 h 05 min`, `4 min`, `12 s`: as coarse as is useful. */
export function formatSpan(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return `${hours} h ${String(minutes % 60).padStart(2, '0')} min`;
  return `${Math.floor(hours / 24)} days`;
}

export function formatDelay(ms: number): string {
  if (ms < 1000) return `${Math.max(0, Math.round(ms))} ms`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`;
  return formatSpan(ms);
}

const offsets = new Map<string, number>();

/** How far the zone's clock is ahead of UTC at that time, in ms. */
export function zoneOffset(ms: number, zone: Zone): number {
  if (zone === 'UTC') return 0;
  // The offset changes on the hour only, so one look-up an hour of time is enough.
  const key = `${zone}/${Math.floor(ms / 3_600_000)}`;
  let offset = offsets.get(key);
  if (offset === undefined) {
    const hour = Math.floor(ms / 3_600_000) * 3_600_000;
    const parts = formatter(zone, { ...date, ...hms, month: 'numeric' }, 'parts').formatToParts(
      hour,
    );
    const part = (type: string) => Number(parts.find((p) => p.type === type)?.value ?? 0);
    offset =
      Date.UTC(
        part('year'),
        part('month') - 1,
        part('day'),
        part('hour'),
        part('minute'),
        part('second'),
      ) - hour;
    if (offsets.size > 20_000) offsets.clear();
    offsets.set(key, offset);
  }
  return offset;
}
