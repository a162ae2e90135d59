// Shows what the server pushes while no page is open. It keeps no files and answers no requests of the page: prices
// that were kept would be wrong prices.
'use strict';

self.addEventListener('install', () => self.skipWaiting());
self.addEventListener('activate', (event) => event.waitUntil(self.clients.claim()));

/** The way within this page; anything else leads to its beginning. */
function pathOf(link) {
  const isPath = typeof link === 'string' && /^\/(?![/\\])/.test(link);
  return isPath ? link : '/';
}

function textOf(value, most) {
  return typeof value === 'string' ? value.slice(0, most) : '';
}

self.addEventListener('push', (event) => {
  let told = {};
  try {
    told = event.data?.json() ?? {};
  } catch {
    // A push must show something, or the browser takes the permission back.
  }
  const symbol = textOf(told.symbol, 64);
  const price = textOf(told.price, 64);
  const fact = [symbol, price].filter(Boolean).join(' ');
  const body = textOf(told.body, 1000);
  const shown = self.registration.showNotification(textOf(told.title, 200) || 'Bellwether', {
    body: [fact, body].filter(Boolean).join('\n'),
    // The same message, sent twice since its answer was lost, is shown once.
    tag: textOf(told.id, 100) || undefined,
    icon: '/icon-192.png',
    timestamp: Date.parse(told.time) || Date.now(),
    data: { link: pathOf(told.link) },
  });
  event.waitUntil(shown);
});

async function open(link) {
  const pages = await self.clients.matchAll({ type: 'window', includeUncontrolled: true });
  const page = pages.find((one) => one.focused) ?? pages[0];
  if (!page) {
    await self.clients.openWindow(link);
    return;
  }
  // Some browsers give no focus where none is theirs to give; the page goes there all the same.
  await page.focus().catch(() => undefined);
  // The page goes there by itself, without loading anew.
  page.postMessage({ type: 'open', link });
}

self.addEventListener('notificationclick', (event) => {
  event.notification.close();
  event.waitUntil(open(pathOf(event.notification.data?.link)));
});

function octetsOf(text) {
  const plain = atob(text.replaceAll('-', '+').replaceAll('_', '/'));
  return Uint8Array.from(plain, (character) => character.charCodeAt(0));
}

/** As the server marks a browser: SHA-256 of its endpoint. */
async function hashOf(text) {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text));
  return Array.from(new Uint8Array(digest), (octet) => octet.toString(16).padStart(2, '0')).join(
    '',
  );
}

async function ask(path) {
  const answer = await fetch(path, { headers: { accept: 'application/json' } });
  if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
  return answer.json();
}

/** What this browser was called while it had the subscription that ended. */
async function nameBefore(subscription) {
  if (!subscription) return null;
  const hash = await hashOf(subscription.endpoint);
  const { channels } = await ask('/api/v1/channels');
  return channels.find((one) => one.endpoint_hash === hash)?.name ?? null;
}

/** The server learns where this browser is reached from now on; the old address it drops itself, once it is refused there. */
async function renew({ oldSubscription, newSubscription }) {
  const name = await nameBefore(oldSubscription);
  const { public_key } = await ask('/api/v1/channels/web_push');
  const subscription =
    newSubscription ??
    (await self.registration.pushManager.subscribe({
      userVisibleOnly: true,
      applicationServerKey: octetsOf(public_key),
    }));
  const { endpoint, keys } = subscription.toJSON();
  const { p256dh, auth } = keys;
  const answer = await fetch('/api/v1/channels', {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-bellwether': '1' },
    body: JSON.stringify({
      type: 'web_push',
      name: name ?? 'This browser',
      endpoint,
      keys: { p256dh, auth },
    }),
  });
  if (!answer.ok) throw new Error(`not told: ${answer.status}`);
}

// Browsers end subscriptions now and then; without this, notices would end with them, unnoticed.
self.addEventListener('pushsubscriptionchange', (event) => event.waitUntil(renew(event)));
