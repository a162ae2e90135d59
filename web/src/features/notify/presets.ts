/** Bodies that well-known receivers take, so that nobody has to look them up. Pure. */

export type Content = 'json' | 'form' | 'text';

export type Preset = {
  id: string;
  label: string;
  /** What to know before one fills it in. */
  hint: string;
  url: string;
  content: Content;
  template: string;
};

/** Indented, since people read and change it. */
const json = (value: unknown) => JSON.stringify(value, null, 2);

export const presets: readonly Preset[] = [
  {
    id: 'plain',
    label: 'Own program',
    hint: 'The body is all there is, as JSON. Check the signature with the secret you are shown.',
    url: 'https://',
    content: 'json',
    template: '',
  },
  {
    id: 'slack',
    label: 'Slack',
    hint: 'The address of an incoming webhook of your workspace.',
    url: 'https://hooks.slack.com/services/…',
    content: 'json',
    template: json({
      text: '{{title}}',
      blocks: [
        {
          type: 'section',
          text: { type: 'plain_text', text: '{{text}}\n{{symbol}} {{price}}\n{{link}}' },
        },
      ],
    }),
  },
  {
    id: 'discord',
    label: 'Discord',
    hint: 'The address of a webhook of your channel: its settings, Integrations.',
    url: 'https://discord.com/api/webhooks/…',
    content: 'json',
    template: json({
      content: '{{text}}\n{{symbol}} {{price}}\n{{link}}',
      allowed_mentions: { parse: [] },
    }),
  },
  {
    id: 'telegram',
    label: 'Telegram',
    hint: 'Put your bot’s token into the address, and the number of your chat with it into the body.',
    url: 'https://api.telegram.org/bot<token>/sendMessage',
    content: 'json',
    template: json({ chat_id: '<chat>', text: '{{text}}\n{{symbol}} {{price}}\n{{link}}' }),
  },
  {
    id: 'ntfy',
    label: 'ntfy',
    hint: 'Choose a topic nobody guesses, put it into the body, and subscribe to it in the app.',
    url: 'https://ntfy.sh/',
    content: 'json',
    template: json({
      topic: '<topic>',
      title: '{{title}}',
      message: '{{body}}\n{{symbol}} {{price}}',
      click: '{{link}}',
    }),
  },
  {
    id: 'sms',
    label: 'SMS gateway',
    hint: 'Most take a form like Twilio’s. Their key goes into the header Authorization.',
    url: 'https://api.twilio.com/2010-04-01/Accounts/<account>/Messages.json',
    content: 'form',
    template: 'To=%2B<number>&From=%2B<number>&Body={{title}} {{price}}',
  },
];

/** What is still to be filled in, as it stands in the presets: `<token>`, `…`. */
export function unfilled(text: string): string | null {
  return /<[a-z]+>|…/.exec(text)?.[0] ?? null;
}
