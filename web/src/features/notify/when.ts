/** Times of deliveries, as people say them. */
import { formatWhen, parseTime } from '../../domain/time';

/** The clock for what happened today, the day for what was before. */
export function when(text: string): string {
  return formatWhen(parseTime(text) ?? 0, Date.now());
}
