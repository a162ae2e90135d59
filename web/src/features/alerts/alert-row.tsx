/** One alert: what it is about, where it stands, and what can be done with it. */
import { draftOf, goesTo, stateLooks } from '../../domain/alerts';
import type { AlertBody } from '../../domain/api-types';
import { symbolPath } from '../../domain/paths';
import { asSymbol } from '../../domain/symbol';
import { formatWhen, parseTime } from '../../domain/time';
import { Link, navigate } from '../../ui/link';
import { useToaster } from '../../ui/toast';
import { useStream } from '../live';
import { askForAlert } from './draft';
import { useAlertDeeds, useGoals } from './use-alerts';

type Props = { alert: AlertBody; withSymbol?: boolean };

export function AlertRow({ alert, withSymbol = false }: Props) {
  const stream = useStream();
  const toaster = useToaster();
  const { isBusy, refusal, pause, remove, restore } = useAlertDeeds();
  const { id, symbol, text, state, note, fired } = alert;
  const look = stateLooks[state];
  const path = symbolPath(asSymbol(symbol));
  const last = parseTime(alert.last_fired_at);
  const now = stream.serverNow();
  const goals = useGoals();
  const goal = goals ? goesTo(alert.channels, goals) : null;
  const isOver = state === 'done' || state === 'expired';

  async function takeAway() {
    if (!(await remove(id))) return;
    toaster.show({
      text: `The alert ${text} is deleted.`,
      undo: () =>
        void restore(id).then((back) => {
          toaster.announce(back ? `The alert ${text} is back.` : 'It could not be taken back.');
        }),
    });
  }

  return (
    <li className="alert" data-state={state}>
      <div className="alert__what">
        <p>
          {withSymbol ? (
            <Link href={path} className="alert__link">
              <strong>{text}</strong>
            </Link>
          ) : (
            <strong>{text}</strong>
          )}
        </p>
        <p className="alert__more">
          <span className="alert__state" title={look.meaning}>
            <span aria-hidden="true">{look.glyph}</span> {look.label}
          </span>
          {alert.repeat && ' · again and again'}
          {last !== null && ` · last fired ${formatWhen(last, now)}`}
          {fired > 1 && ` · ${fired} times`}
          {alert.expires_at !== null &&
            !isOver &&
            ` · until ${formatWhen(Date.parse(alert.expires_at), now)}`}
          {alert.quiet && ` · quiet ${alert.quiet.from} to ${alert.quiet.to}`}
        </p>
        {goal && (
          <p className="alert__more">
            {goal.length > 0
              ? `Goes to ${goal.join(', ')}`
              : '! Goes nowhere: the channels it names were removed.'}
          </p>
        )}
        {note && <p className="alert__note">{note}</p>}
        <p className="alert__refusal" role="alert">
          {refusal}
        </p>
      </div>
      <div className="alert__deeds">
        {!isOver && (
          <button
            type="button"
            className="button button--small"
            aria-disabled={isBusy}
            aria-label={`${state === 'paused' ? 'Go on with' : 'Pause'} the alert ${text}`}
            onClick={() => void pause(id, state !== 'paused')}
          >
            {state === 'paused' ? 'Go on' : 'Pause'}
          </button>
        )}
        <button
          type="button"
          className="button button--small"
          aria-label={`Change the alert ${text}`}
          onClick={() => {
            askForAlert(asSymbol(symbol), {
              ...draftOf(alert),
              changes: { id, version: alert.version },
            });
            navigate(path);
          }}
        >
          Change
        </button>
        <button
          type="button"
          className="button button--small"
          aria-disabled={isBusy}
          aria-label={`Delete the alert ${text}`}
          onClick={() => void takeAway()}
        >
          Delete
        </button>
      </div>
    </li>
  );
}
