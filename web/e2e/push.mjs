/** A receiver of our own for webhooks and pushes, and a browser whose push service it is. */
import { createDecipheriv, createECDH, hkdfSync, randomBytes } from 'node:crypto';
import { createServer } from 'node:http';

/** What comes to a made-up receiver: a webhook's, or a push service. */
export async function startReceiver() {
  const received = [];
  const answers = { status: 201 };
  const http = createServer(async (request, response) => {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    received.push({ path: request.url, headers: request.headers, body: Buffer.concat(chunks) });
    response.writeHead(answers.status).end();
  });
  await new Promise((resolve) => http.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${http.address().port}`;
  return { received, answers, url, stop: () => http.close() };
}

/** RFC 8291 from the browser's side. */
function decrypt(body, ecdh, auth) {
  const salt = body.subarray(0, 16);
  const theirs = body.subarray(21, 86);
  const sealed = body.subarray(86);
  const info = Buffer.concat([Buffer.from('WebPush: info\0'), ecdh.getPublicKey(), theirs]);
  const input = Buffer.from(hkdfSync('sha256', ecdh.computeSecret(theirs), auth, info, 32));
  const derived = (label, octets) =>
    Buffer.from(
      hkdfSync('sha256', input, salt, Buffer.from(`Content-Encoding: ${label}\0`), octets),
    );
  const cipher = createDecipheriv('aes-128-gcm', derived('aes128gcm', 16), derived('nonce', 12));
  cipher.setAuthTag(sealed.subarray(-16));
  const plain = Buffer.concat([cipher.update(sealed.subarray(0, -16)), cipher.final()]);
  return plain.subarray(0, plain.lastIndexOf(2)).toString();
}

/**
 * Gives pages of a context a push service at `endpoint`: the browser's maker cannot be reached from here, so its push
 * service is ours, and all else is the browser's own. What comes there is read with `read`.
 */
export async function pushService(context, origin, endpoint) {
  const ecdh = createECDH('prime256v1');
  ecdh.generateKeys();
  const auth = randomBytes(16);
  await context.grantPermissions(['notifications'], { origin });
  await context.addInitScript(
    ({ to, p256dh, secret }) => {
      let current = null;
      const made = (options) => ({
        endpoint: to,
        options,
        toJSON: () => ({ endpoint: to, expirationTime: null, keys: { p256dh, auth: secret } }),
        unsubscribe: async () => ((current = null), true),
      });
      window.PushManager.prototype.subscribe = async ({ applicationServerKey }) =>
        (current = made({ applicationServerKey: applicationServerKey.buffer }));
      window.PushManager.prototype.getSubscription = async () => current;
    },
    {
      to: endpoint,
      p256dh: ecdh.getPublicKey('base64url'),
      secret: auth.toString('base64url'),
    },
  );
  return { read: ({ body }) => JSON.parse(decrypt(body, ecdh, auth)) };
}

/** Brings a push to the service worker as the browser would; answers what is shown after it. */
export function bring(worker, data) {
  /* global PushEvent, self */
  return worker.evaluate(async (text) => {
    const event = new PushEvent('push', { data: text });
    const waits = [];
    event.waitUntil = (promise) => waits.push(promise);
    self.dispatchEvent(event);
    await Promise.all(waits);
    const shown = await self.registration.getNotifications();
    return shown.map(({ title, body, data: { link } }) => ({ title, body, link }));
  }, JSON.stringify(data));
}

/** Clicks on the first notification that is shown. */
export function click(worker) {
  /* global NotificationEvent */
  return worker.evaluate(async () => {
    const [notification] = await self.registration.getNotifications();
    const event = new NotificationEvent('notificationclick', { notification });
    event.waitUntil = () => {};
    self.dispatchEvent(event);
  });
}
