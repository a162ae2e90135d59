/** The channels' part of the look-alike's HTTP: enough to see every state of the page. */
import { bodyOf } from './desk-routes.mjs';

const channels = [];
const letters = [];
let last = 100;

function channelOf(body) {
  const { type } = body;
  const isEmail = type === 'email';
  return {
    id: String((last += 1)),
    type,
    name: body.name ?? (isEmail ? body.address : new URL(body.url).host),
    target: isEmail ? body.address : new URL(body.url).host,
    state: isEmail ? 'unconfirmed' : 'working',
    failing_since: null,
    why: null,
    last_sent_at: null,
    waiting: 0,
    created_at: new Date().toISOString(),
    webhook: isEmail
      ? null
      : { content: 'json', template: body.template || null, header_names: [] },
    endpoint_hash: null,
  };
}

/** A test to a host whose name begins with `bad` fails. */
function test(channel) {
  const isBad = channel.target.startsWith('bad');
  const now = new Date().toISOString();
  const why = isBad ? 'the receiver answered 500' : null;
  Object.assign(channel, {
    state: isBad ? 'failing' : 'working',
    failing_since: isBad ? now : null,
    why,
    last_sent_at: isBad ? channel.last_sent_at : now,
  });
  const letter = {
    id: String((last += 1)),
    channel: channel.id,
    channel_name: channel.name,
    kind: 'test',
    title: 'A test from Bellwether',
    state: isBad ? 'dead' : 'sent',
    tries: 1,
    why,
    queued_at: now,
    ended_at: now,
  };
  letters.unshift(letter);
  return letter;
}

function answer(method, parts, body) {
  const missing = [404, { title: 'Not found', status: 404, detail: 'there is no such channel' }];
  if (parts.length === 0 && method === 'GET') return [200, { channels, sends_email: true }];
  if (parts.length === 0 && method === 'POST') {
    if (!URL.canParse(body.url ?? 'mailto:' + body.address))
      return [
        422,
        { title: 'Unprocessable', status: 422, detail: 'url: the address cannot be read' },
      ];
    const channel = channelOf(body);
    channels.push(channel);
    const isMade = body.type === 'webhook' && !body.secret;
    return [201, { ...channel, secret: isMade ? 'whsec_bG9vay1hbGlrZQ==' : null }];
  }
  if (parts[0] === 'dead-letters' && method === 'GET')
    return [200, { deliveries: letters.filter(({ state }) => state === 'dead') }];
  if (parts[0] === 'dead-letters' && method === 'POST') {
    const letter = letters.find(({ id }) => id === parts[1]);
    if (!letter) return missing;
    Object.assign(letter, { state: 'sent', why: null });
    return [202, { delivery: letter.id }];
  }
  if (parts[0] === 'web_push' && method === 'GET') return [200, { public_key: 'B'.repeat(87) }];
  const at = channels.findIndex(({ id }) => id === parts[0]);
  const channel = channels[at];
  if (!channel) return missing;
  if (parts[1] === 'history')
    return [200, { deliveries: letters.filter((letter) => letter.channel === channel.id) }];
  if (parts[1] === 'test') return [202, { delivery: test(channel).id }];
  if (parts[1] === 'confirm') {
    if (body.code !== '12345678')
      return [
        422,
        { title: 'Unprocessable', status: 422, detail: 'this is not the code that was sent' },
      ];
    channel.state = 'working';
    return [204, null];
  }
  if (method === 'DELETE') {
    channels.splice(at, 1);
    return [204, null];
  }
  if (method === 'PATCH') {
    if ('is_on' in body) channel.state = body.is_on ? 'working' : 'off';
    return [200, channel];
  }
  return missing;
}

/** Answers the request and says true when it is one of the channels'. */
export async function channelsRoute(request, url, response) {
  const parts = url.pathname.split('/').slice(3);
  if (parts[0] !== 'channels') return false;
  const body = request.method === 'GET' ? {} : ((await bodyOf(request)) ?? {});
  const [status, value] = answer(request.method, parts.slice(1), body);
  response.writeHead(status, {
    'content-type': status < 400 ? 'application/json' : 'application/problem+json',
  });
  response.end(value === null ? undefined : JSON.stringify(value));
  return true;
}
