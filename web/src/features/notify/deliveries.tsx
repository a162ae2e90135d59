/** Notices on their way, arrived, or given up. */
import type { DeliveryBody } from '../../domain/api-types';
import { when } from './when';

const steps = {
  waiting: { sign: '…', word: 'Waiting' },
  sent: { sign: '✓', word: 'Delivered' },
  dead: { sign: '✕', word: 'Given up' },
} as const;

type Props = {
  label: string;
  deliveries: readonly DeliveryBody[];
  withChannel?: boolean;
  onAgain?: (delivery: string) => void;
};

export function Deliveries({ label, deliveries, withChannel = false, onAgain }: Props) {
  return (
    <ul className="letters" aria-label={label}>
      {deliveries.map((one) => (
        <Letter key={one.id} one={one} withChannel={withChannel} onAgain={onAgain} />
      ))}
    </ul>
  );
}

type LetterProps = {
  one: DeliveryBody;
  withChannel: boolean;
  onAgain: ((delivery: string) => void) | undefined;
};

function Letter({ one, withChannel, onAgain }: LetterProps) {
  const { sign, word } = steps[one.state];
  const time = one.ended_at ?? one.queued_at;
  return (
    <li className="letter" data-step={one.state}>
      <span className="letter__step">
        <span aria-hidden="true">{sign}</span> {word}
      </span>
      <time dateTime={time} title={time}>
        {when(time)}
      </time>
      <span className="letter__title">{one.title}</span>
      {(one.why !== null || withChannel || one.tries > 1) && (
        <small className="letter__why">
          {[
            withChannel ? `to ${one.channel_name}` : '',
            one.why ?? '',
            one.tries > 1 ? `${one.tries} attempts` : '',
          ]
            .filter(Boolean)
            .join(' · ')}
        </small>
      )}
      {one.state === 'dead' && onAgain && (
        <button type="button" className="button letter__again" onClick={() => onAgain(one.id)}>
          Send again<span className="unseen">: {one.title}</span>
        </button>
      )}
    </li>
  );
}
