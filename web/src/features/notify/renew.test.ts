import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

type Listener = (event: unknown) => void;
type Asked = { path: string; method: string; body: unknown };

const subscription = (endpoint: string) => ({
  endpoint,
  toJSON: () => ({ endpoint, expirationTime: null, keys: { p256dh: 'p', auth: 'a' } }),
});

/** Runs the worker with a server that knows one browser, and tells it that its subscription has changed. */
async function change(event: { oldSubscription?: unknown; newSubscription?: unknown }) {
  const listeners = new Map<string, Listener>();
  const asked: Asked[] = [];
  const subscribed: unknown[] = [];
  const digest = await crypto.subtle.digest(
    'SHA-256',
    new TextEncoder().encode('https://push/old'),
  );
  const hash = Array.from(new Uint8Array(digest), (one) => one.toString(16).padStart(2, '0')).join(
    '',
  );
  const answers: Record<string, unknown> = {
    '/api/v1/channels': { channels: [{ name: 'Kitchen', endpoint_hash: hash }] },
    '/api/v1/channels/web_push': { public_key: 'AQID_-8' },
  };
  const self = {
    addEventListener: (name: string, listener: Listener) => listeners.set(name, listener),
    registration: {
      pushManager: {
        subscribe: (options: { applicationServerKey: Uint8Array }) => {
          subscribed.push(Array.from(options.applicationServerKey));
          return Promise.resolve(subscription('https://push/made'));
        },
      },
    },
  };
  const fetch = (path: string, init: { method?: string; body?: string } = {}) => {
    const { method = 'GET', body } = init;
    asked.push({ path, method, body: body === undefined ? null : JSON.parse(body) });
    return Promise.resolve({ ok: true, json: () => Promise.resolve(answers[path]) });
  };
  // eslint-disable-next-line @typescript-eslint/no-implied-eval, @typescript-eslint/no-unsafe-call
  new Function('self', 'fetch', readFileSync('public/sw.js', 'utf8'))(self, fetch);
  let done: Promise<unknown> = Promise.resolve();
  listeners.get('pushsubscriptionchange')?.({
    ...event,
    waitUntil: (work: Promise<unknown>) => (done = work),
  });
  await done;
  return { sent: asked.filter(({ method }) => method === 'POST'), subscribed };
}

const request = (name: string, endpoint: string) => ({
  path: '/api/v1/channels',
  method: 'POST',
  body: { type: 'web_push', name, endpoint, keys: { p256dh: 'p', auth: 'a' } },
});

test('another subscription is told to the server under the name this browser had', async () => {
  const { sent, subscribed } = await change({
    oldSubscription: subscription('https://push/old'),
    newSubscription: subscription('https://push/new'),
  });
  expect(sent).toEqual([request('Kitchen', 'https://push/new')]);
  expect(subscribed).toEqual([]);
});

test('where the browser gives none, one is made for the key of the server', async () => {
  const { sent, subscribed } = await change({});
  expect(subscribed).toEqual([[1, 2, 3, 255, 239]]);
  expect(sent).toEqual([request('This browser', 'https://push/made')]);
});
