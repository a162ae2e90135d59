/** Every key of the page, and what the signs mean. */
import { useState } from 'react';
import { freshnessLook } from '../domain/freshness';
import { Dialog } from '../ui/dialog';
import { setSingleKeys, singleKeysOn } from '../ui/keys';

const groups: { title: string; keys: [keys: string[], deed: string][] }[] = [
  {
    title: 'Anywhere',
    keys: [
      [['/'], 'Find a symbol (also Ctrl K)'],
      [['w'], 'Watch list'],
      [['j'], 'Chart of the next symbol in the list'],
      [['k'], 'Chart of the one before'],
      [['Ctrl', 'Z'], 'Undo the last removal'],
      [['?'], 'This help'],
    ],
  },
  {
    title: 'In the watch list',
    keys: [
      [['↑', '↓'], 'Move along the rows'],
      [['Enter'], 'Open the chart'],
      [['Alt', '↑'], 'Move the row up'],
      [['Alt', '↓'], 'Move the row down'],
      [['Delete'], 'Remove the row'],
    ],
  },
  {
    title: 'In the chart',
    keys: [
      [['←', '→'], 'Walk along the bars'],
      [['Shift', '←'], 'Scroll back'],
      [['Shift', '→'], 'Scroll forward'],
      [['+', '−'], 'Zoom'],
      [['Home', 'End'], 'Oldest and newest bar'],
      [['Esc'], 'Leave the bar'],
    ],
  },
];

export function HelpDialog({ onClose }: { onClose: () => void }) {
  const [single, setSingle] = useState(singleKeysOn);
  return (
    <Dialog title="Keys and signs" wide onClose={onClose}>
      <div className="help">
        {groups.map(({ title, keys }) => (
          <section key={title}>
            <h3>{title}</h3>
            <dl>
              {keys.map(([names, deed]) => (
                <div key={deed}>
                  <dt>
                    {names.map((name) => (
                      <kbd key={name}>{name}</kbd>
                    ))}
                  </dt>
                  <dd>{deed}</dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
        <section>
          <h3>Freshness of a price</h3>
          <dl>
            {Object.values(freshnessLook).map(({ glyph, label, explanation }) => (
              <div key={label}>
                <dt>
                  <span aria-hidden="true">{glyph}</span> {label}
                </dt>
                <dd>{explanation}</dd>
              </div>
            ))}
          </dl>
        </section>
      </div>
      <label className="help__switch">
        <input
          type="checkbox"
          checked={single}
          onChange={(event) => {
            setSingle(event.target.checked);
            setSingleKeys(event.target.checked);
          }}
        />{' '}
        Keys of a single letter or sign work anywhere on the page
      </label>
    </Dialog>
  );
}
