/** Changes what a channel is called and, of a webhook, what is sent and where to. */
import { useId, useState, type FormEvent } from 'react';
import type { ChannelBody, ChannelChange } from '../../domain/api-types';
import { sendJson } from '../../stream/request';
import { Dialog } from '../../ui/dialog';
import { useToaster } from '../../ui/toast';
import { useDeed } from './hooks';
import { Note } from './note';
import { Labelled, WebhookFields, type WebhookBody } from './webhook-fields';

type Props = { channel: ChannelBody; onClose: () => void };

export function ChangeChannel({ channel, onClose }: Props) {
  const toaster = useToaster();
  const note = useId();
  const { webhook } = channel;
  const [name, setName] = useState(channel.name);
  const [url, setUrl] = useState('');
  const [body, setBody] = useState<WebhookBody>({
    content: webhook?.content ?? 'json',
    template: webhook?.template ?? '',
    authorization: '',
  });
  const change = useDeed((wish: ChannelChange) =>
    sendJson<ChannelBody>('PATCH', `/api/v1/channels/${channel.id}`, wish),
  );

  async function submit(event: FormEvent) {
    event.preventDefault();
    if (change.isBusy) return;
    const { content, template, authorization } = body;
    // Neither address nor headers are shown again, so an empty field leaves them as they are.
    const ofWebhook: ChannelChange = {
      content,
      template,
      ...(url.trim() ? { url: url.trim() } : {}),
      ...(authorization.trim()
        ? { headers: [{ name: 'Authorization', value: authorization.trim() }] }
        : {}),
    };
    const done = await change.run({
      ...(name.trim() ? { name: name.trim() } : {}),
      ...(webhook ? ofWebhook : {}),
    });
    if (!done) return;
    toaster.show({ text: `Changed “${done.name}”.` });
    onClose();
  }

  const headers = webhook?.header_names ?? [];
  return (
    <Dialog title={`Change ${channel.name}`} onClose={onClose}>
      <form className="reach__form" noValidate onSubmit={(event) => void submit(event)}>
        <Labelled label="Name">
          {(id) => (
            <input
              id={id}
              className="field"
              value={name}
              maxLength={64}
              autoComplete="off"
              onChange={(event) => {
                setName(event.target.value);
                change.forget();
              }}
            />
          )}
        </Labelled>
        {webhook && (
          <>
            <Labelled label={`New address; leave it empty to stay with ${channel.target}`}>
              {(id) => (
                <input
                  id={id}
                  className="field"
                  type="url"
                  value={url}
                  autoComplete="off"
                  spellCheck={false}
                  aria-describedby={note}
                  onChange={(event) => {
                    setUrl(event.target.value);
                    change.forget();
                  }}
                />
              )}
            </Labelled>
            <WebhookFields
              value={body}
              authorizationLabel={
                headers.length > 0
                  ? `New header Authorization, instead of ${headers.join(', ')}; leave it empty to stay`
                  : 'Header Authorization, if it wants one'
              }
              set={(part) => {
                setBody((before) => ({ ...before, ...part }));
                change.forget();
              }}
            />
          </>
        )}
        <Note id={note} text={change.refusal} />
        <div className="dialog__foot">
          <button type="button" className="button" onClick={onClose}>
            Leave it
          </button>
          <button type="submit" className="button button--main" aria-disabled={change.isBusy}>
            {change.isBusy ? 'Saving…' : 'Save'}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
