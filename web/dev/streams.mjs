/** Streams of the look-alike: providers in several states, queries that can be added, changed and stopped. */
import { bodyOf } from './desk-routes.mjs';

const path = '/api/v1/streams';
const ago = (ms) => new Date(Date.now() - ms).toISOString();

const provider = (name, kind, more) => ({
  name,
  kind,
  source: name,
  state: 'up',
  detail: null,
  is_paused: false,
  symbols: 0,
  waiting: 0,
  symbol_limit: null,
  last_event: ago(800),
  per_minute: 0,
  calls: null,
  errors: 0,
  last_error: null,
  takes: { words: false, sections: [], symbols: true },
  ...more,
});

export class Streams {
  next = 10;
  /** Who asks is an operator unless told otherwise. */
  quota = null;
  providers = [
    provider('sim', 'prices', { symbols: 24, per_minute: 4820 }),
    provider('finnhub', 'prices', {
      symbols: 50,
      waiting: 7,
      symbol_limit: 50,
      per_minute: 310,
      state: 'silent',
      detail: 'nothing was heard for 40 s',
      last_event: ago(40_000),
      errors: 3,
      last_error: 'the connection was closed: 1006',
    }),
    provider('guardian', 'news', {
      last_event: ago(21_000),
      per_minute: null,
      calls: {
        used: 17,
        left: 483,
        limit: 500,
        resets_at: new Date(Date.now() + 9e6).toISOString(),
      },
      takes: {
        words: true,
        sections: ['business', 'money', 'technology', 'world'],
        symbols: false,
      },
    }),
    provider('finnhub-news', 'news', {
      source: 'finnhub',
      state: 'down',
      detail: 'asked too often; again in 30 s',
      last_event: null,
      calls: { used: 58, left: 2, limit: 60, resets_at: null },
      errors: 12,
      last_error: 'the provider answered 429',
      takes: { words: true, sections: ['general', 'forex', 'crypto', 'merger'], symbols: true },
    }),
  ];
  streams = [];

  constructor() {
    const add = (body, more) => this.streams.push({ ...this.become(null, body), ...more });
    this.next = 1;
    add({ provider: 'guardian', name: 'Chips', words: 'chips AND NOT crisps', sections: ['business', 'technology'] }, { articles: 121, state: 'running', last_event: ago(21_000), owner: 'ada' }); // prettier-ignore
    add({ provider: 'finnhub-news', name: 'What I hold', symbols: ['AAPL', 'GM', 'KO'] }, { articles: 39, state: 'failing', last_event: ago(3_700_000), last_error: 'the provider answered 429', owner: 'ada' }); // prettier-ignore
    add({ provider: 'guardian', name: 'Rates', words: '"interest rate" OR inflation' }, { articles: 7, is_paused: true, state: 'paused', owner: 'bob', is_own: false, last_event: ago(90_000_000) }); // prettier-ignore
    add({ provider: 'finnhub-news', name: 'Company news', follows_viewers: true }, { owner: null, is_own: false, articles: 55, state: 'running', last_event: ago(9000) }); // prettier-ignore
    add({ provider: 'sim', name: 'Always taken in', symbols: ['AAPL', 'MSFT', 'SPY'] }, { owner: null, is_own: false, state: 'running', last_event: ago(900) }); // prettier-ignore
  }

  become(before, body) {
    const { kind } = this.providers.find(
      ({ name }) => name === (before?.provider ?? body.provider),
    );
    const made = {
      id: before?.id ?? String(this.next++),
      provider: body.provider,
      kind,
      name: '',
      words: '',
      sections: [],
      symbols: [],
      follows_viewers: false,
      is_paused: false,
      owner: 'local',
      is_own: true,
      last_event: null,
      last_error: null,
      articles: 0,
      created_at: new Date().toISOString(),
      ...before,
      ...body,
    };
    return { ...made, state: made.is_paused ? 'paused' : before?.state === 'failing' ? 'failing' : made.last_event ? 'running' : 'waiting' }; // prettier-ignore
  }

  answer() {
    const own = this.streams.filter(({ is_own }) => is_own);
    for (const one of this.providers)
      if (one.state === 'up' && one.kind === 'prices') one.last_event = ago(300);
    if (this.quota === null)
      return { providers: this.providers, streams: this.streams, quota: null };
    return {
      providers: this.providers.filter(({ kind }) => kind === 'news'),
      streams: this.streams.filter(({ is_own, owner, kind }) => is_own || (owner === null && kind === 'news')), // prettier-ignore
      quota: { used: own.length, most: this.quota },
    };
  }

  async route(request, url, response) {
    if (request.method === 'POST' && url.pathname === '/dev/quota') {
      const most = url.searchParams.get('most');
      this.quota = most === null ? null : Number(most);
      response.writeHead(204).end();
      return true;
    }
    if (!url.pathname.startsWith(path)) return false;
    const send = (value, status = 200) => {
      response.writeHead(status, { 'content-type': 'application/json' });
      response.end(JSON.stringify(value));
    };
    const refuse = (status, code, detail) => {
      response.writeHead(status, { 'content-type': 'application/problem+json' });
      response.end(JSON.stringify({ type: 'about:blank', title: code, status, code, detail }));
    };
    const body = ['POST', 'PATCH'].includes(request.method) ? await bodyOf(request) : null;
    const [, first, second] = url.pathname.slice(path.length).split('/');
    if (first === undefined && request.method === 'GET') send(this.answer());
    else if (first === 'providers') {
      const one = this.providers.find(({ name }) => name === decodeURIComponent(second));
      if (!one) refuse(404, 'not_found', `there is no provider ${second}`);
      else {
        one.is_paused = body.is_paused;
        one.state = body.is_paused ? 'paused' : 'up';
        send(one);
      }
    } else if (/\b(AND|OR|NOT)$/.test(body?.words ?? ''))
      refuse(422, 'bad_stream', `words: at character ${body.words.length + 1}: a word is missing`);
    else if (first === undefined) {
      if (this.quota !== null && this.answer().quota.used >= this.quota)
        return refuse(409, 'too_many', `there may be ${this.quota} streams, and there are; stop one first`), true; // prettier-ignore
      this.streams.push(this.become(null, body));
      send(this.streams.at(-1), 201);
    } else {
      const at = this.streams.findIndex(({ id }) => id === first);
      if (at < 0) refuse(404, 'not_found', `there is no stream ${first}`);
      else if (request.method === 'DELETE') {
        this.streams.splice(at, 1);
        response.writeHead(204).end();
      } else send((this.streams[at] = this.become(this.streams[at], body)));
    }
    return true;
  }
}
