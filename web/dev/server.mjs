/**
 * A look-alike of the server for developing the page without it: the protocol, made-up prices.
 * Usage: node dev/server.mjs [--listen 127.0.0.1:8080] [--rate 1] [--ticket-ms 60000]
 * [--news-ms 0]
 * (updates a second a symbol; how long a ticket can be committed; how often an article comes by itself)
 */
import { createReadStream, existsSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import path from 'node:path';
import { WebSocketServer } from 'ws';
import { Alerts } from './alerts.mjs';
import { channelsRoute } from './channels-routes.mjs';
import { deskRoute } from './desk-routes.mjs';
import { Desk } from './desk.mjs';
import { Market, seconds } from './market.mjs';
import { News } from './news.mjs';
import { Streams } from './streams.mjs';

const flag = (name, fallback) => {
  const at = process.argv.indexOf(`--${name}`);
  return at > 0 ? process.argv[at + 1] : fallback;
};
const [host, port] = flag('listen', '127.0.0.1:8080').split(':');
const rate = Number(flag('rate', '1'));
const newsEveryMs = Number(flag('news-ms', '0'));
const dist = path.join(import.meta.dirname, '..', 'dist');
const epoch = `look-alike-${process.pid}-${Date.now()}`;
const market = new Market();
const desk = new Desk({
  clockMs: Number(flag('ticket-ms', '60000')),
  quoteOf(symbol) {
    const row = market.rows.get(symbol);
    // Symbols nobody watches do not move here; the desk sees them as if they did.
    if (row?.traded && !interest.has(symbol)) row.at = Date.now();
    return row && (row.traded ? { price: row.price, at: row.at } : null);
  },
  onUpdate(data) {
    for (const client of clients) if (client.account) client.send({ type: 'account_update', data });
  },
});

const alerts = new Alerts(
  (symbol) => {
    const row = market.rows.get(symbol);
    return row?.traded ? row.price : null;
  },
  (frame) => {
    for (const client of clients) if (client.alerts) client.send(frame);
  },
);

const news = new News(market, (frame) => {
  for (const client of clients) if (client.news) client.send(frame);
});
const streams = new Streams();

const types = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.webmanifest': 'application/manifest+json',
  '.json': 'application/json',
};
const policy =
  "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'";

const gaps = [];
let isLost = false;

/** The feed loses everything for a while, as a cut does. */
function lose(ms) {
  const from = new Date().toISOString();
  isLost = true;
  setTimeout(() => {
    isLost = false;
    gaps.push({ feed: 'sim', from, to: new Date().toISOString() });
  }, ms);
}

function status() {
  return {
    server_time: new Date().toISOString(),
    version: '0.1.0',
    epoch,
    market: {
      session: 'regular',
      opens_at: new Date(Date.now() + 6e7).toISOString(),
      closes_at: new Date(Date.now() + 7_980_000).toISOString(),
    },
    feeds: [
      {
        name: 'sim',
        source: 'sim',
        state: 'up',
        detail: null,
        symbols_subscribed: interest.size,
        symbols_waiting: 0,
        symbol_limit: null,
        last_event_at: new Date().toISOString(),
        delay_ms: 3,
        reconnects: 0,
        gaps: gaps.length,
        recent_gaps: gaps.slice(-16).map(({ from, to }) => ({ from, to, symbols: null })),
      },
    ],
  };
}

function wireBar({ at, ...bar }) {
  return { start: new Date(at).toISOString().replace('.000Z', 'Z'), ...bar };
}

function problem(response, code, title, detail) {
  response.writeHead(code, { 'content-type': 'application/problem+json' });
  response.end(JSON.stringify({ type: 'about:blank', title, status: code, detail }));
}

function api(url, response) {
  const send = (value) => {
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(JSON.stringify(value));
  };
  const query = url.searchParams;
  const wanted = (query.get('symbols') ?? '').split(',').filter(Boolean);
  const one = /^\/api\/v1\/(symbols|bars|gaps)\/(.+)$/.exec(url.pathname);
  const symbol = one ? decodeURIComponent(one[2]) : null;
  if (one && !market.rows.has(symbol))
    return problem(response, 404, 'Unknown symbol', `Invalid stock symbol: ${symbol}`);
  if (one?.[1] === 'symbols') {
    const instrument = market.instruments.find((known) => known.symbol === symbol);
    return send({ ...instrument, card: market.card(symbol) });
  }
  if (one?.[1] === 'gaps') return send({ symbol, gaps: gaps.slice(-16) });
  if (one) {
    const interval = query.get('interval') ?? '1m';
    const to = Date.parse(query.get('to') ?? '') || Infinity;
    const limit = Number(query.get('limit') ?? 1000);
    const bars = market.rows.get(symbol).traded ? market.bars(symbol, interval) : [];
    return send({
      symbol,
      interval,
      session: query.get('session') ?? 'extended',
      source: 'sim',
      bars: bars
        .filter((bar) => bar.at < to)
        .slice(-limit)
        .map(wireBar),
      next_cursor: null,
    });
  }
  switch (url.pathname) {
    case '/api/v1/symbols':
      return send({
        symbols: market.search(query.get('q') ?? '', Number(query.get('limit') ?? 20)),
        next_cursor: null,
      });
    case '/api/v1/quotes':
      return send({
        quotes: wanted
          .filter((s) => market.rows.has(s))
          .map((s) => ({ symbol: s, ...market.figures(s) })),
        unknown: wanted.filter((s) => !market.rows.has(s)),
      });
    case '/api/v1/sparklines':
      return send({
        sparklines: Object.fromEntries(
          wanted
            .filter((s) => market.rows.get(s)?.traded)
            .map((s) => [
              s,
              {
                interval: '5m',
                closes: market
                  .bars(s, '5m')
                  .slice(-80)
                  .map((bar) => bar.close),
              },
            ]),
        ),
      });
    case '/api/v1/me':
      return send({
        user: 'local',
        role: 'user',
        account: 'local',
        shown_by: 'local',
        scopes: ['read', 'trade', 'alerts'],
        login: null,
      });
    case '/api/v1/oidc':
      return send({ provider: null });
    case '/api/v1/watchlists/default':
      return send({ name: 'Well known', symbols: ['AAPL', 'MSFT', 'GM'], updated_at: null });
    case '/api/v1/status':
      return send(status());
    default:
      return problem(response, 404, 'Not found', 'There is nothing here.');
  }
}

const server = createServer(async (request, response) => {
  const url = new URL(request.url, 'http://local');
  if (request.method === 'POST' && url.pathname === '/dev/lose') {
    lose(Number(url.searchParams.get('ms')));
    response.writeHead(204).end();
    return;
  }
  if (request.method === 'POST' && url.pathname === '/dev/news') {
    const { id, ...wanted } = Object.fromEntries(url.searchParams);
    if (id) news.update(id);
    else news.publish(wanted);
    response.writeHead(204).end();
    return;
  }
  if (await streams.route(request, url, response)) return;
  if (url.pathname.startsWith('/api/')) {
    const isDone =
      news.route(request, url, response) ||
      (await alerts.route(request, url, response)) ||
      (await deskRoute(desk, request, url, response)) ||
      (await channelsRoute(request, url, response));
    if (!isDone) api(url, response);
    return;
  }
  let file = path.join(dist, path.normalize(url.pathname));
  if (!file.startsWith(dist) || !existsSync(file) || !statSync(file).isFile())
    file = path.join(dist, 'index.html');
  response.writeHead(200, {
    'content-type': types[path.extname(file)] ?? 'application/octet-stream',
    'content-security-policy': policy,
  });
  createReadStream(file).pipe(response);
});

const clients = new Set();
const interest = new Set();
const sockets = new WebSocketServer({ server, path: '/ws', maxPayload: 65536 });
sockets.on('connection', (socket) => {
  const client = {
    socket,
    quotes: new Set(),
    bars: new Map(),
    status: false,
    account: false,
    alerts: false,
    news: false,
    sent: new Map(),
  };
  const send = (frame) => socket.readyState === 1 && socket.send(JSON.stringify(frame));
  client.send = send;
  clients.add(client);
  socket.on('close', () => clients.delete(client));
  socket.on('message', (text) => {
    let frame;
    try {
      frame = JSON.parse(text);
    } catch {
      return send({ type: 'error', code: 'bad_request', message: 'Not JSON' });
    }
    if (frame.type === 'ping')
      return send({ type: 'pong', id: frame.id, time: new Date().toISOString() });
    const all = frame.symbols ?? [];
    const known = all.filter((symbol) => market.rows.has(symbol));
    const on = frame.type === 'subscribe';
    if (on)
      for (const symbol of all.filter((s) => !market.rows.has(s)))
        send({
          type: 'error',
          message: `Invalid stock symbol: ${symbol}`,
          symbol,
          code: 'unknown_symbol',
          id: frame.id,
        });
    if (on && frame.id !== undefined)
      send({
        type: 'subscribed',
        id: frame.id,
        channel: frame.channel ?? 'prices',
        symbols: known,
        epoch,
      });
    if (frame.channel === 'status') {
      client.status = on;
      if (on) send({ type: 'status', ...status() });
    } else if (frame.channel === 'account') {
      client.account = on;
      if (on) send({ type: 'account', data: desk.account() });
    } else if (frame.channel === 'alerts') {
      client.alerts = on;
      if (on) send(alerts.frame());
    } else if (frame.channel === 'news') client.news = on;
    else if (frame.channel === 'quotes') {
      for (const symbol of known) {
        if (on) interest.add(symbol);
        client.quotes[on ? 'add' : 'delete'](symbol);
      }
      if (on && known.length)
        send({
          type: 'quote_update',
          data: Object.fromEntries(known.map((s) => [s, market.figures(s)])),
        });
    } else if (frame.channel === 'bars') {
      const interval = frame.interval ?? '1m';
      const session = frame.session ?? 'extended';
      for (const symbol of known) {
        const key = `${symbol} ${interval} ${session}`;
        if (!on) client.bars.delete(key);
        else {
          interest.add(symbol);
          client.bars.set(key, { symbol, interval, session });
          const since = Date.parse(frame.since ?? '') || Date.now();
          const bars = market
            .bars(symbol, interval)
            .filter((bar) => bar.at >= since)
            .map(wireBar);
          if (bars.length)
            send({ type: 'bar_update', interval, session, data: { [symbol]: bars } });
        }
      }
    }
  });
});

setInterval(() => {
  const turn = rate / 10;
  for (const symbol of isLost ? [] : interest)
    if (turn >= 1 || Math.random() < turn) {
      market.tick(symbol);
      desk.priceMoved(symbol);
    }
  for (const client of clients) {
    const data = {};
    let some = false;
    for (const symbol of client.quotes) {
      const { seq } = market.rows.get(symbol);
      if (client.sent.get(symbol) === seq) continue;
      client.sent.set(symbol, seq);
      data[symbol] = market.figures(symbol);
      some = true;
    }
    if (some) client.send({ type: 'quote_update', data });
    for (const { symbol, interval, session } of client.bars.values()) {
      const last = market.bars(symbol, interval).at(-1);
      if (last && Date.now() - last.at < seconds[interval] * 1000 + 200)
        client.send({ type: 'bar_update', interval, session, data: { [symbol]: [wireBar(last)] } });
    }
  }
}, 100);
setInterval(() => {
  for (const client of clients) if (client.status) client.send({ type: 'status', ...status() });
}, 5000);

setInterval(() => desk.prove(), 5000);
setInterval(() => alerts.look(), 200);
if (newsEveryMs > 0) setInterval(() => news.publish({}), newsEveryMs);

server.listen(Number(port), host, () => {
  console.log(`look-alike ready at http://${host}:${server.address().port}`);
});
process.on('SIGTERM', () => process.exit(0));
