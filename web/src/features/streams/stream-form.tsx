/** Setting up a stream, or changing one: only what its provider can be asked for. */
import { useEffect, useId, useRef, useState, type FormEvent, type ReactNode } from 'react';
import type { ProviderBody, StreamBody } from '../../domain/api-types';
import {
  emptyDraft,
  listOf,
  providerName,
  requestOf,
  type StreamDraft,
  type StreamField,
  type StreamFault,
} from '../../domain/stream-words';
import { Refused } from '../../ui/refused';
import { useToaster } from '../../ui/toast';
import { useStreamDeeds } from './use-streams';

type Props = {
  start: StreamDraft;
  /** The stream that is changed; null for a new one. */
  changes: StreamBody | null;
  providers: readonly ProviderBody[];
  isOperator: boolean;
  onClosed: () => void;
};

export function StreamForm({ start, changes, providers, isOperator, onClosed }: Props) {
  const toaster = useToaster();
  const deeds = useStreamDeeds();
  const form = useRef<HTMLFormElement>(null);
  const wrong = useId();
  const [draft, setDraft] = useState(start);
  const [own, setOwn] = useState<StreamFault | null>(null);
  const fault = own ?? deeds.fault;
  const provider = providers.find(({ name }) => name === draft.provider) ?? providers[0];

  useEffect(() => {
    form.current?.querySelector<HTMLElement>('input, select')?.focus();
  }, []);
  useEffect(() => {
    if (fault) form.current?.querySelector<HTMLElement>(`[name="${fault.field}"]`)?.focus();
  }, [fault]);

  if (!provider) return null;
  const { takes, kind } = provider;

  function change(part: Partial<StreamDraft>) {
    setDraft({ ...draft, ...part });
    setOwn(null);
    deeds.forget();
  }

  async function submit(event: FormEvent) {
    event.preventDefault();
    if (!provider) return;
    const read = requestOf(draft, provider, start.follows_viewers);
    if (!read.ok) return setOwn(read.fault);
    const done = await (changes
      ? deeds.change(changes.id, read.value)
      : deeds.add({ provider: provider.name, ...read.value }));
    if (!done) return;
    toaster.announce(`“${done.name}” is ${changes ? 'changed' : 'added'}.`);
    onClosed();
  }

  const field = (name: StreamField) => ({
    className: 'field',
    name,
    autoComplete: 'off',
    'aria-invalid': fault?.field === name,
    ...(fault?.field === name ? { 'aria-describedby': `${wrong}-${name}` } : {}),
  });
  const part = (name: StreamField, label: string, hint: string, control: ReactNode) => (
    <Part
      id={`${wrong}-${name}`}
      label={label}
      hint={hint}
      fault={fault?.field === name ? fault : null}
    >
      {' '}
      {/* prettier-ignore */}
      {control}
    </Part>
  );
  const chosen = listOf(draft.sections);

  return (
    // Escape leaves the form wherever in it the reader is.
    // eslint-disable-next-line jsx-a11y/no-noninteractive-element-interactions
    <form
      className="streamform"
      aria-label={changes ? `Change ${changes.name}` : 'New stream'}
      noValidate
      ref={form}
      onSubmit={(event) => void submit(event)}
      onKeyDown={(event) => {
        if (event.key === 'Escape') onClosed();
      }}
    >
      {!changes &&
        providers.length > 1 &&
        part(
          'provider',
          'Provider',
          '',
          <select
            {...field('provider')}
            value={draft.provider}
            onChange={(event) => change({ ...emptyDraft(event.target.value), name: draft.name })}
          >
            {providers.map((one) => (
              <option key={one.name} value={one.name}>
                {providerName(one)}
                {one.kind === 'news' ? ', news' : ', prices'}
              </option>
            ))}
          </select>,
        )}
      {part(
        'name',
        'Name',
        '',
        <input
          {...field('name')}
          maxLength={64}
          value={draft.name}
          onChange={(event) => change({ name: event.target.value })}
        />,
      )}
      {takes.words &&
        part(
          'words',
          'Words',
          'With AND, OR, NOT, "phrases" and ( ).',
          <input
            {...field('words')}
            maxLength={500}
            spellCheck={false}
            placeholder="chips AND NOT crisps"
            value={draft.words}
            onChange={(event) => change({ words: event.target.value })}
          />,
        )}
      {takes.sections.length > 0 && (
        <fieldset className="streamform__sections">
          <legend>Sections, all if none is chosen</legend>
          {takes.sections.map((section) => (
            <label key={section}>
              <input
                type="checkbox"
                name="sections"
                checked={chosen.includes(section)}
                onChange={(event) =>
                  change({
                    sections: (event.target.checked
                      ? [...chosen, section]
                      : chosen.filter((other) => other !== section)
                    ).join(', '),
                  })
                }
              />{' '}
              {section}
            </label>
          ))}
          <Fault id={`${wrong}-sections`} fault={fault?.field === 'sections' ? fault : null} />
        </fieldset>
      )}
      {takes.symbols &&
        part(
          'symbols',
          'Symbols',
          kind === 'prices'
            ? 'Separated by commas. They are taken in though nobody looks at them.'
            : 'Separated by commas.',
          <input
            {...field('symbols')}
            spellCheck={false}
            autoCapitalize="characters"
            placeholder="AAPL, GM"
            value={draft.symbols}
            onChange={(event) => change({ symbols: event.target.value })}
          />,
        )}
      {takes.symbols && kind === 'news' && (isOperator || start.follows_viewers) && (
        <label className="streamform__check">
          <input
            type="checkbox"
            name="follows_viewers"
            checked={draft.follows_viewers}
            onChange={(event) => change({ follows_viewers: event.target.checked })}
          />{' '}
          Also the symbols that somebody is looking at
        </label>
      )}
      {fault?.field === 'follows_viewers' && <Fault id={`${wrong}-follows`} fault={fault} />}
      <Refused words={deeds.refusal} />
      <div className="streamform__deeds">
        <button type="submit" className="button button--main" aria-disabled={deeds.isBusy}>
          {changes ? 'Keep the change' : 'Add it'}
        </button>
        <button type="button" className="button" onClick={onClosed}>
          Cancel
        </button>
      </div>
    </form>
  );
}

type PartProps = {
  id: string;
  label: string;
  hint: string;
  fault: StreamFault | null;
  children: ReactNode;
};

function Part({ id, label, hint, fault, children }: PartProps) {
  return (
    <div className="streamform__part">
      <label>
        <span>{label}</span>
        {children}
      </label>
      {hint !== '' && <small>{hint}</small>}
      <Fault id={id} fault={fault} />
    </div>
  );
}

function Fault({ id, fault }: { id: string; fault: StreamFault | null }) {
  return (
    <div role="alert" id={id} className="streamform__fault">
      {fault && (
        <>
          <span aria-hidden="true">!</span> {fault.words}
        </>
      )}
    </div>
  );
}
