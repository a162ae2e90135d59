/** To which channels an alert goes: to all that are on, or to those that are chosen. */
import type { ChannelBody } from '../../domain/api-types';

type Props = {
  channels: readonly ChannelBody[];
  /** None is all. */
  chosen: readonly string[];
  onChange: (chosen: string[]) => void;
};

export function ChannelsField({ channels, chosen, onChange }: Props) {
  const known = chosen.filter((id) => channels.some((channel) => channel.id === id));
  return (
    <fieldset className="alertform__channels">
      <legend>Goes to</legend>
      <label className="alertform__check">
        <input
          type="checkbox"
          name="channels"
          checked={chosen.length === 0}
          onChange={() => onChange([])}
        />{' '}
        All channels that are on
      </label>
      {channels.map(({ id, name, state }) => (
        <label key={id} className="alertform__check">
          <input
            type="checkbox"
            checked={known.includes(id)}
            onChange={(event) =>
              onChange(event.target.checked ? [...known, id] : known.filter((one) => one !== id))
            }
          />{' '}
          {name}
          {state === 'off' && ' (off)'}
          {state === 'unconfirmed' && ' (to be confirmed)'}
        </label>
      ))}
    </fieldset>
  );
}
