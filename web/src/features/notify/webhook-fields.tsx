/** What a webhook's request is made of, as its owner fills it in: for a new one and for a change. */
import { useId, type ReactNode } from 'react';
import type { Content } from './presets';

const contents: { value: Content; label: string }[] = [
  { value: 'json', label: 'JSON' },
  { value: 'form', label: 'Form' },
  { value: 'text', label: 'Text' },
];

export type WebhookBody = { content: Content; template: string; authorization: string };

type Props = {
  value: WebhookBody;
  /** What the field for the header is called. */
  authorizationLabel: string;
  set: (part: Partial<WebhookBody>) => void;
};

export function WebhookFields({ value, authorizationLabel, set }: Props) {
  return (
    <>
      <Labelled label="Body is">
        {(id) => (
          <select
            id={id}
            className="field"
            value={value.content}
            onChange={(event) => set({ content: event.target.value as Content })}
          >
            {contents.map(({ value: content, label }) => (
              <option key={content} value={content}>
                {label}
              </option>
            ))}
          </select>
        )}
      </Labelled>
      <Labelled label="Body">
        {(id) => (
          <textarea
            id={id}
            className="field reach__template"
            rows={6}
            spellCheck={false}
            placeholder="Everything there is, as JSON"
            value={value.template}
            onChange={(event) => set({ template: event.target.value })}
          />
        )}
      </Labelled>
      <p className="reach__hint">
        {
          '{{title}}, {{body}}, {{text}}, {{symbol}}, {{price}}, {{link}}, {{time}}, {{kind}} and {{id}}'
        }{' '}
        are filled in.
      </p>
      <Labelled label={authorizationLabel}>
        {(id) => (
          <input
            id={id}
            className="field"
            type="password"
            autoComplete="off"
            value={value.authorization}
            onChange={(event) => set({ authorization: event.target.value })}
          />
        )}
      </Labelled>
    </>
  );
}

type LabelledProps = { label: string; children: (id: string) => ReactNode };

export function Labelled({ label, children }: LabelledProps) {
  const id = useId();
  return (
    <div className="reach__field">
      <label htmlFor={id}>{label}</label>
      {children(id)}
    </div>
  );
}
