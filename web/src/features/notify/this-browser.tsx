/** Notices in this browser, its page closed. */
import { useId } from 'react';
import type { ChannelBody } from '../../domain/api-types';
import { abilityOf, subscribe } from './browser-push';
import { useDeed } from './hooks';
import { Note } from './note';

const reasons = {
  insecure:
    'Browsers allow this only to pages that come over https, or from this machine. Open Bellwether by an address with https.',
  unable: 'This browser cannot receive pushes. E-mail and webhooks reach you all the same.',
  blocked:
    'This browser blocks notifications of this page. Allow them in its settings for this site, then load the page again.',
  'home-screen':
    'On iPhone and iPad, first put Bellwether on the home screen (Share, Add to Home Screen), and open it from there.',
} as const;

export function ThisBrowser({ here }: { here: ChannelBody | undefined }) {
  const note = useId();
  const turnOn = useDeed((_: null) => subscribe());
  const ability = abilityOf();
  return (
    <section aria-labelledby="this-browser">
      <h2 id="this-browser">This browser</h2>
      {here ? (
        <p className="reach__none">
          <span aria-hidden="true">✓</span> Notices are shown here as “{here.name}”, even with the
          page closed.
        </p>
      ) : ability.can ? (
        <>
          <p className="reach__none">
            Shows a notice with symbol and price, even with the page closed. A click opens the
            symbol.
          </p>
          <button
            type="button"
            className="button button--main"
            aria-disabled={turnOn.isBusy}
            aria-describedby={note}
            onClick={() => void turnOn.run(null)}
          >
            {turnOn.isBusy ? 'Asking the browser…' : 'Notify this browser'}
          </button>
          <Note id={note} text={turnOn.refusal} />
        </>
      ) : (
        <p className="reach__none">{reasons[ability.why]}</p>
      )}
    </section>
  );
}
