/** Keys by which scripts do what their owner may: made, shown once, revoked. */
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useId, useState, type FormEvent } from 'react';
import type { KeyBody, KeysAnswer, NewKeyBody, ScopeName } from '../../domain/api-types';
import { formatWhen, parseTime } from '../../domain/time';
import { getJson, sendJson } from '../../stream/request';
import { Refused } from '../../ui/refused';
import { SecretOnce } from '../../ui/secret-once';
import { SureButton } from '../../ui/sure-button';
import { useToaster } from '../../ui/toast';
import { useStream } from '../live';
import { Field } from './field';
import { Part } from './part';
import { useDeed } from './use-deed';

const scopes: { name: ScopeName; label: string; meaning: string }[] = [
  { name: 'read', label: 'Read', meaning: 'account, transactions, lists' },
  { name: 'trade', label: 'Trade', meaning: 'deposits, tickets, triggers' },
  { name: 'alerts', label: 'Lists and alerts', meaning: 'change watch lists and alerts' },
];

export function KeysSection() {
  const toaster = useToaster();
  const client = useQueryClient();
  const { isBusy, refusal, run } = useDeed();
  const [made, setMade] = useState<NewKeyBody | null>(null);
  const query = useQuery({
    queryKey: ['keys'],
    queryFn: ({ signal }) => getJson<KeysAnswer>('/api/v1/keys', signal),
  });
  const again = () => void client.invalidateQueries({ queryKey: ['keys'] });

  async function revoke({ id, name }: KeyBody) {
    const isDone = await run(() => sendJson('DELETE', `/api/v1/keys/${encodeURIComponent(id)}`));
    if (isDone) {
      toaster.show({ text: `The key “${name}” is revoked: it opens nothing any more.` });
      if (made?.id === id) setMade(null);
    }
    again();
  }

  return (
    <Part
      title="Keys for scripts"
      lead={
        <>
          A script sends its key as <code>Authorization: Bearer …</code>. It may never do more than
          you, and never change passwords, logins or keys.
        </>
      }
      what="keys"
      query={query}
    >
      {({ keys }) => (
        <>
          {keys.length === 0 && !made && <p className="people__none">There is no key yet.</p>}
          {keys.length > 0 && (
            <ul className="people__list" aria-label="Keys">
              {keys.map((key) => (
                <li key={key.id}>
                  <Key body={key} />
                  <SureButton
                    label="Revoke"
                    of={key.name}
                    question="What uses it stops working."
                    isBusy={isBusy}
                    onSure={() => void revoke(key)}
                  />
                </li>
              ))}
            </ul>
          )}
          <Refused words={refusal} />
          {made && (
            <SecretOnce
              key={made.id}
              label={`The key “${made.name}”`}
              value={made.key}
              hint="Copy it now: only its hash is kept, so it cannot be shown again."
            />
          )}
          <NewKey
            onMade={(key) => {
              setMade(key);
              again();
            }}
          />
        </>
      )}
    </Part>
  );
}

function Key({ body }: { body: KeyBody }) {
  const now = useStream().serverNow();
  const when = (text: string) => formatWhen(parseTime(text) ?? now, now);
  return (
    <div>
      <strong>{body.name}</strong>
      {body.scopes.map((scope) => (
        <span key={scope} className="badge">
          {scopes.find(({ name }) => name === scope)?.label ?? scope}
        </span>
      ))}
      <div className="people__facts">
        <span>{body.last_used_at ? `last used ${when(body.last_used_at)}` : 'never used'}</span>
        <span>made {when(body.created_at)}</span>
      </div>
    </div>
  );
}

function NewKey({ onMade }: { onMade: (key: NewKeyBody) => void }) {
  const id = useId();
  const [name, setName] = useState('');
  const [chosen, setChosen] = useState<readonly ScopeName[]>(['read']);
  const { isBusy, refusal, refuse, run } = useDeed();

  async function submit(event: FormEvent) {
    event.preventDefault();
    if (name.trim() === '') {
      refuse('Give it a name, such as what will use it.');
      return;
    }
    if (chosen.length === 0) {
      refuse('Choose at least one thing that it allows.');
      return;
    }
    await run(async () => {
      const body = { name: name.trim(), scopes: chosen };
      onMade(await sendJson<NewKeyBody>('POST', '/api/v1/keys', body));
      setName('');
      setChosen(['read']);
    });
  }

  return (
    <form className="people__form" noValidate onSubmit={(event) => void submit(event)}>
      <Field
        label="Name of a new key"
        autoComplete="off"
        value={name}
        describedBy={id}
        onChange={setName}
      />
      <fieldset className="people__scopes">
        <legend>It allows to</legend>
        {scopes.map(({ name: scope, label, meaning }) => (
          <label key={scope}>
            <input
              type="checkbox"
              checked={chosen.includes(scope)}
              onChange={(event) =>
                setChosen(
                  event.target.checked
                    ? [...chosen, scope]
                    : chosen.filter((other) => other !== scope),
                )
              }
            />
            <span>
              {label} <small>{meaning}</small>
            </span>
          </label>
        ))}
      </fieldset>
      <Refused id={id} words={refusal} />
      <button type="submit" className="button" aria-disabled={isBusy}>
        {isBusy ? 'Making…' : 'Make a key'}
      </button>
    </form>
  );
}
