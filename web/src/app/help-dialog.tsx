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
      [['b'], 'Buy the open or focused symbol'],
      [['s'], 'Sell it'],
      [['a'], 'Account'],
      [['t'], 'Transactions'],
      [['l'], 'Alerts'],
      [['n'], 'News'],
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
    title: 'In the news',
    keys: [
      [['j', 'k'], 'Next article, and the one before'],
      [['↑', '↓'], 'The same, once in the list'],
      [['Enter'], 'Open it where it was published'],
    ],
  },
  {
    title: 'On a ticket',
    keys: [
      [['Enter'], 'Review, then commit'],
      [['Esc'], 'Cancel the ticket'],
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
      [['Enter'], 'Alert at the price of the bar'],
      [['Esc'], 'Leave the bar'],
    ],
  },
];

const touch = [
  'Touch a row to open its chart.',
  'Edit: move a row by its grip, or remove it.',
  'Touch the chart twice at a price to begin an alert there.',
  'Drag the chart to go back in time, pinch to zoom, hold to read a bar.',
  'Touch the line at the foot for market hours and data sources.',
];

export function HelpDialog({ onClose }: { onClose: () => void }) {
  const [single, setSingle] = useState(singleKeysOn);
  return (
    <Dialog title="Keys and signs" wide onClose={onClose}>
      <div className="help">
        <section className="help__touch">
          <h3>By touch</h3>
          <ul>
            {touch.map((deed) => (
              <li key={deed}>{deed}</li>
            ))}
          </ul>
        </section>
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
        <section className="help__signs">
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
