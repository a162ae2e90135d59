/** This browser as a channel: what it can do, and its subscription. */
import type { ChannelRequest, NewChannelBody, PushKeyBody } from '../../domain/api-types';
import { getJson, sendJson } from '../../stream/request';

export type Ability =
  { can: true } | { can: false; why: 'insecure' | 'unable' | 'blocked' | 'home-screen' };

type Global = Partial<Pick<typeof globalThis, 'PushManager' | 'Notification'>> & {
  isSecureContext?: boolean;
};

/** iPhones push only to pages that stand on the home screen. */
function wantsHomeScreen(): boolean {
  const isApple = /iPhone|iPad/.test(navigator.userAgent);
  return isApple && !window.matchMedia('(display-mode: standalone)').matches;
}

export function abilityOf(here: Global = globalThis): Ability {
  if (here.isSecureContext === false) return { can: false, why: 'insecure' };
  const workers = (navigator as Partial<Navigator>).serviceWorker;
  if (!workers || !here.PushManager || !here.Notification)
    return { can: false, why: wantsHomeScreen() ? 'home-screen' : 'unable' };
  if (here.Notification.permission === 'denied') return { can: false, why: 'blocked' };
  return { can: true };
}

/** `Firefox on Linux`: enough to know one's browsers apart. */
export function browserName(agent: string): string {
  const browsers: [RegExp, string][] = [
    [/Edg\//, 'Edge'],
    [/OPR\//, 'Opera'],
    [/Firefox\//, 'Firefox'],
    [/Chrom(e|ium)\//, 'Chrome'],
    [/Safari\//, 'Safari'],
  ];
  const systems: [RegExp, string][] = [
    [/Android/, 'Android'],
    [/iPhone/, 'iPhone'],
    [/iPad/, 'iPad'],
    [/Mac OS X/, 'Mac'],
    [/Windows/, 'Windows'],
    [/CrOS/, 'ChromeOS'],
    [/Linux/, 'Linux'],
  ];
  const found = (list: [RegExp, string][]) => list.find(([pattern]) => pattern.test(agent))?.[1];
  return `${found(browsers) ?? 'Browser'} on ${found(systems) ?? 'this device'}`;
}

/** As the server marks a browser: SHA-256 of its endpoint. */
export async function hashOf(text: string): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text));
  return Array.from(new Uint8Array(digest), (octet) => octet.toString(16).padStart(2, '0')).join(
    '',
  );
}

/** Base64url, as the server tells its key. */
export function octetsOf(text: string): Uint8Array<ArrayBuffer> {
  const plain = atob(text.replaceAll('-', '+').replaceAll('_', '/'));
  return Uint8Array.from(plain, (character) => character.charCodeAt(0));
}

async function subscriptionHere(): Promise<PushSubscription | null> {
  const registration = await navigator.serviceWorker.getRegistration('/');
  return (await registration?.pushManager.getSubscription()) ?? null;
}

/** The mark of this browser's subscription, or null while it has none. */
export async function markHere(): Promise<string | null> {
  if (!abilityOf().can) return null;
  const subscription = await subscriptionHere();
  return subscription && hashOf(subscription.endpoint);
}

function isSameKey(a: ArrayBuffer | null, b: Uint8Array): boolean {
  if (!a || a.byteLength !== b.byteLength) return false;
  const octets = new Uint8Array(a);
  return b.every((octet, at) => octet === octets[at]);
}

/** Subscribes this browser and registers it. Asks the person first, as the browser wants it: after a click. */
export async function subscribe(): Promise<NewChannelBody> {
  const permission = await Notification.requestPermission();
  if (permission !== 'granted')
    throw new Error('The browser was not allowed to show notifications, so nothing was changed.');
  await navigator.serviceWorker.register('/sw.js');
  const registration = await navigator.serviceWorker.ready;
  const { public_key } = await getJson<PushKeyBody>('/api/v1/channels/web_push');
  const key = octetsOf(public_key);
  let subscription = await registration.pushManager.getSubscription();
  // One made for another server's key is of no use to this one.
  if (subscription && !isSameKey(subscription.options.applicationServerKey, key)) {
    await subscription.unsubscribe();
    subscription = null;
  }
  try {
    subscription ??= await registration.pushManager.subscribe({
      userVisibleOnly: true,
      applicationServerKey: key,
    });
  } catch {
    throw new Error('The browser’s push service gave no subscription. Is this device online?');
  }
  const { endpoint, keys } = subscription.toJSON();
  const request: ChannelRequest = {
    type: 'web_push',
    name: browserName(navigator.userAgent),
    endpoint: endpoint ?? '',
    keys: { p256dh: keys?.['p256dh'] ?? '', auth: keys?.['auth'] ?? '' },
  };
  return sendJson<NewChannelBody>('POST', '/api/v1/channels', request);
}

/** Ends this browser's subscription. */
export async function unsubscribe(): Promise<void> {
  await (await subscriptionHere())?.unsubscribe();
}
