/** An HTTP request for each notice: to chats, gateways and own programs. */
import { useId, useRef, useState, type FormEvent } from 'react';
import type { ChannelRequest, NewChannelBody } from '../../domain/api-types';
import { sendJson } from '../../stream/request';
import { Dialog } from '../../ui/dialog';
import { useDeed } from './hooks';
import { Note } from './note';
import { presets, unfilled, type Preset } from './presets';
import { Labelled, WebhookFields, type WebhookBody } from './webhook-fields';

type Draft = WebhookBody & {
  preset: Preset;
  name: string;
  url: string;
  /** Empty has one made. */
  secret: string;
};

function draftOf(preset: Preset): Draft {
  const { label: name, url, content, template } = preset;
  return { preset, name, url, content, template, authorization: '', secret: '' };
}

/** What to mend before it is sent. */
function faultOf(draft: Draft): string | null {
  const left = unfilled(draft.url) ?? unfilled(draft.template);
  if (left) return `Fill in ${left} first.`;
  return draft.url.trim() === '' || draft.url === 'https://' ? 'Give an address.' : null;
}

export function AddWebhook() {
  const note = useId();
  const url = useRef<HTMLInputElement>(null);
  const [draft, setDraft] = useState(() => draftOf(presets[0] as Preset));
  const [fault, setFault] = useState<string | null>(null);
  const [secret, setSecret] = useState<string | null>(null);
  const add = useDeed((wish: ChannelRequest) =>
    sendJson<NewChannelBody>('POST', '/api/v1/channels', wish),
  );

  function set(part: Partial<Draft>) {
    setDraft((before) => ({ ...before, ...part }));
    setFault(null);
    add.forget();
  }

  async function submit(event: FormEvent) {
    event.preventDefault();
    if (add.isBusy) return;
    const found = faultOf(draft);
    setFault(found);
    if (found) {
      url.current?.focus();
      return;
    }
    const { name, content, template, authorization, secret: own } = draft;
    const made = await add.run({
      type: 'webhook',
      name: name.trim() || draft.preset.label,
      url: draft.url.trim(),
      content,
      template,
      ...(own.trim() ? { secret: own.trim() } : {}),
      headers: authorization.trim() ? [{ name: 'Authorization', value: authorization.trim() }] : [],
    });
    if (!made) return;
    setDraft(draftOf(draft.preset));
    setSecret(made.secret ?? null);
  }

  return (
    <section aria-labelledby="by-webhook">
      <h2 id="by-webhook">Webhook</h2>
      <form className="reach__form" noValidate onSubmit={(event) => void submit(event)}>
        <Labelled label="For">
          {(id) => (
            <select
              id={id}
              className="field"
              value={draft.preset.id}
              onChange={(event) => {
                const preset = presets.find((one) => one.id === event.target.value);
                if (preset) set(draftOf(preset));
              }}
            >
              {presets.map((preset) => (
                <option key={preset.id} value={preset.id}>
                  {preset.label}
                </option>
              ))}
            </select>
          )}
        </Labelled>
        <p className="reach__hint">{draft.preset.hint}</p>
        <Labelled label="Name">
          {(id) => (
            <input
              id={id}
              className="field"
              value={draft.name}
              maxLength={64}
              autoComplete="off"
              onChange={(event) => set({ name: event.target.value })}
            />
          )}
        </Labelled>
        <Labelled label="Address">
          {(id) => (
            <input
              id={id}
              ref={url}
              className="field"
              type="url"
              value={draft.url}
              autoComplete="off"
              spellCheck={false}
              aria-describedby={note}
              onChange={(event) => set({ url: event.target.value })}
            />
          )}
        </Labelled>
        <details>
          <summary>Body, header, secret</summary>
          <div className="reach__form">
            <WebhookFields
              value={draft}
              authorizationLabel="Header Authorization, if it wants one"
              set={set}
            />
            <Labelled label="Secret that signs; leave it empty to be given one">
              {(id) => (
                <input
                  id={id}
                  className="field"
                  type="password"
                  autoComplete="off"
                  maxLength={256}
                  value={draft.secret}
                  onChange={(event) => set({ secret: event.target.value })}
                />
              )}
            </Labelled>
          </div>
        </details>
        <Note id={note} text={fault ?? add.refusal} />
        <button type="submit" className="button button--main" aria-disabled={add.isBusy}>
          {add.isBusy ? 'Adding…' : 'Add webhook'}
        </button>
      </form>
      {secret !== null && (
        <Dialog title="What signs its requests" onClose={() => setSecret(null)}>
          <p>
            Your own program checks by this secret that a request is Bellwether’s. It is shown this
            once; chats and gateways need nothing of it.
          </p>
          <p>
            <code className="reach__secret">{secret}</code>
          </p>
          <div className="dialog__foot">
            <button type="button" className="button button--main" onClick={() => setSecret(null)}>
              I have it
            </button>
          </div>
        </Dialog>
      )}
    </section>
  );
}
