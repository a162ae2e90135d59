/** One channel: how it is doing, a test, its history, and the way to be rid of it. */
import { useId, useState, type FormEvent } from 'react';
import type { ChannelBody, ChannelChange } from '../../domain/api-types';
import { sendJson } from '../../stream/request';
import { useToaster } from '../../ui/toast';
import { unsubscribe } from './browser-push';
import { ChangeChannel } from './change-channel';
import { Deliveries } from './deliveries';
import { useDeed, useHistory, useTest, wordsOf, type TestState } from './hooks';
import { Note } from './note';
import { when } from './when';

const types = { webhook: 'Webhook', web_push: 'Browser', email: 'E-mail' } as const;

const states = {
  working: { sign: '●', word: 'Working' },
  failing: { sign: '!', word: 'Failing' },
  unconfirmed: { sign: '?', word: 'To be confirmed' },
  off: { sign: '○', word: 'Off' },
} as const;

export function ChannelCard({ channel, isHere }: { channel: ChannelBody; isHere: boolean }) {
  const toaster = useToaster();
  const heading = useId();
  const note = useId();
  const path = `/api/v1/channels/${channel.id}`;
  const change = useDeed((wish: ChannelChange) => sendJson<ChannelBody>('PATCH', path, wish));
  const remove = useDeed(async (_: null) => {
    await sendJson<null>('DELETE', path);
    if (isHere) await unsubscribe();
    return true;
  });
  const [isAsking, setAsking] = useState(false);
  const [isChanging, setChanging] = useState(false);
  const test = useTest(channel.id);
  const { sign, word } = states[channel.state];
  const isOff = channel.state === 'off';

  return (
    <li className="channel" data-state={channel.state} aria-labelledby={heading}>
      <div className="channel__head">
        <h3 id={heading}>{channel.name}</h3>
        <span className="channel__state">
          <span aria-hidden="true">{sign}</span> {word}
        </span>
      </div>
      <p className="channel__target">
        {types[channel.type]} · {channel.target}
        {isHere && ' · this browser'}
      </p>
      {channel.failing_since !== null && (
        <p className="channel__why">
          Since {when(channel.failing_since)}: {channel.why}.{' '}
          {channel.waiting > 0 && `${channel.waiting} waiting; it is tried again by itself.`}
        </p>
      )}
      {channel.failing_since === null && (
        <p className="channel__last">
          {channel.last_sent_at
            ? `Last delivery ${when(channel.last_sent_at)}.`
            : 'Nothing was sent there yet.'}
          {channel.waiting > 0 && ` ${channel.waiting} waiting.`}
        </p>
      )}
      {channel.state === 'unconfirmed' && <Confirm channel={channel} />}
      <div className="channel__deeds">
        {!isOff && channel.state !== 'unconfirmed' && (
          <button
            type="button"
            className="button"
            aria-disabled={test.state.step === 'sending'}
            onClick={() => void test.send()}
          >
            {test.state.step === 'sending' ? 'Sending…' : 'Send a test'}
            <span className="unseen"> to {channel.name}</span>
          </button>
        )}
        <button
          type="button"
          className="button"
          aria-disabled={change.isBusy}
          onClick={() => void change.run({ is_on: isOff })}
        >
          {isOff ? 'Turn on' : 'Turn off'}
          <span className="unseen"> {channel.name}</span>
        </button>
        <button type="button" className="button" onClick={() => setChanging(true)}>
          Change…<span className="unseen"> {channel.name}</span>
        </button>
        {isAsking ? (
          <>
            <button
              type="button"
              className="button channel__remove"
              aria-disabled={remove.isBusy}
              onClick={() =>
                void remove.run(null).then((done) => {
                  if (done) toaster.show({ text: `Removed “${channel.name}”.` });
                })
              }
            >
              Remove for good
            </button>
            <button type="button" className="button" onClick={() => setAsking(false)}>
              Keep
            </button>
          </>
        ) : (
          <button type="button" className="button" onClick={() => setAsking(true)}>
            Remove…<span className="unseen"> {channel.name}</span>
          </button>
        )}
      </div>
      <p className="channel__test" role="status">
        {testWords(test.state)}
      </p>
      <Note id={note} text={change.refusal ?? remove.refusal} />
      <History channel={channel.id} />
      {isChanging && <ChangeChannel channel={channel} onClose={() => setChanging(false)} />}
    </li>
  );
}

function testWords(state: TestState): string {
  switch (state.step) {
    case 'none':
      return '';
    case 'sending':
      return 'The test is on its way…';
    case 'sent':
      return '✓ The test was delivered.';
    case 'failed':
      return `✕ The test failed: ${state.why}.`;
    case 'unknown':
      return state.why;
  }
}

function Confirm({ channel }: { channel: ChannelBody }) {
  const toaster = useToaster();
  const field = useId();
  const note = useId();
  const [code, setCode] = useState('');
  const confirm = useDeed(async (wish: string) => {
    await sendJson<null>('POST', `/api/v1/channels/${channel.id}/confirm`, { code: wish });
    return true;
  });
  async function submit(event: FormEvent) {
    event.preventDefault();
    if (confirm.isBusy || code.trim() === '') return;
    if (await confirm.run(code))
      toaster.show({ text: `Notices go to ${channel.target} from now on.` });
  }
  return (
    <form className="channel__confirm" noValidate onSubmit={(event) => void submit(event)}>
      <label htmlFor={field}>The code that was sent to {channel.target}</label>
      <div className="reach__row">
        <input
          id={field}
          className="field"
          inputMode="numeric"
          autoComplete="one-time-code"
          value={code}
          aria-describedby={note}
          aria-invalid={confirm.refusal !== null}
          onChange={(event) => {
            setCode(event.target.value);
            confirm.forget();
          }}
        />
        <button type="submit" className="button button--main" aria-disabled={confirm.isBusy}>
          Confirm
        </button>
      </div>
      <Note id={note} text={confirm.refusal} />
    </form>
  );
}

function History({ channel }: { channel: string }) {
  const [isOpen, setOpen] = useState(false);
  const history = useHistory(channel, isOpen);
  const found = history.data?.deliveries;
  return (
    <details onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>History</summary>
      {found?.length === 0 && <p className="reach__none">Nothing was sent there yet.</p>}
      {found && found.length > 0 && <Deliveries label="History" deliveries={found} />}
      {!found && history.isPending && <p className="reach__none">Loading…</p>}
      {!found && history.error && <p className="reach__none">{wordsOf(history.error)}</p>}
    </details>
  );
}
