/** News of the look-alike: made-up articles about its symbols, searched, measured, and more of them while one looks. */
import { named } from './market.mjs';

const MINUTE = 60_000;
const PER_PAGE_MAX = 100;

/** Title, tone, words of the tone, which symbols by which words. */
const templates = [
  ['{name} shares surge after strong quarter', 0.62, [['surge', 0.7], ['strong', 0.45]], 'name_in_context', '{name} shares'], // prettier-ignore
  ['{name} shares plunge as regulators open an inquiry', -0.58, [['plunge', -0.7], ['inquiry', -0.35]], 'name_in_context', '{name} shares'], // prettier-ignore
  ['What {full} said about next year', 0, [], 'full_name', '{full}'],
  ['({exchange}: {symbol}) beats expectations, analysts not worried', 0.41, [['beats', 0.5], ['worried', 0.28, true]], 'exchange_ticker', '({exchange}: {symbol})'], // prettier-ignore
  [
    'Unions warn of strike at {name} plants',
    -0.33,
    [
      ['warn', -0.4],
      ['strike', -0.3],
    ],
    'name',
    '{name}',
  ],
  ['${symbol} in focus ahead of the annual meeting', 0, [], 'cashtag', '${symbol}'],
];

function hex(n) {
  return (n * 2654435761).toString(16).padStart(16, '0').slice(-16);
}

/** Words, "phrases", AND, OR, NOT and parentheses; what is between two terms is AND. */
export function parseQuery(text) {
  const tokens = [...text.matchAll(/"([^"]*)("?)|[“”]|[()]|[^\s()"]+/g)].map((found) => ({
    at: found.index,
    text: found[0],
    phrase: found[1],
    isClosed: found[2] === '"',
  }));
  let next = 0;
  const wrong = (at, words) => {
    throw Object.assign(new Error(`q: at character ${at + 1}: ${words}`), { at });
  };
  const term = () => {
    const token = tokens[next++];
    if (!token) wrong(text.length, 'a word is missing');
    if (token.phrase !== undefined && !token.isClosed) wrong(token.at, 'a phrase is not closed');
    if (token.text === ')') wrong(token.at, 'a parenthesis closes what was not opened');
    if (token.text === 'NOT') {
      const inner = term();
      return (words) => !inner(words);
    }
    if (token.text === '(') {
      const inner = either();
      if (tokens[next]?.text !== ')') wrong(token.at, 'a parenthesis is not closed');
      next += 1;
      return inner;
    }
    if (token.text === 'AND' || token.text === 'OR') wrong(token.at, `${token.text} has nothing before it`); // prettier-ignore
    const wanted = (token.phrase ?? token.text).toLowerCase();
    return (words) => words.includes(wanted);
  };
  const both = () => {
    let left = term();
    while (next < tokens.length && !['OR', ')'].includes(tokens[next].text)) {
      if (tokens[next].text === 'AND') next += 1;
      const [before, right] = [left, term()];
      left = (words) => before(words) && right(words);
    }
    return left;
  };
  const either = () => {
    let left = both();
    while (tokens[next]?.text === 'OR') {
      next += 1;
      const [before, right] = [left, both()];
      left = (words) => before(words) || right(words);
    }
    return left;
  };
  const found = either();
  if (next < tokens.length) wrong(tokens[next].at, 'a parenthesis closes what was not opened');
  return found;
}

export class News {
  list = [];
  count = 0;

  /** `say` sends a frame to those who follow the channel. */
  constructor(market, say) {
    this.market = market;
    this.say = say;
    const now = Date.now();
    for (let i = 0; i < 160; i += 1) {
      const age = i < 20 ? i * 6.5 : 130 + (i - 20) * 26;
      this.list.push(this.make({ at: now - age * MINUTE - 20_000 }));
    }
  }

  make({ at, symbol, title }) {
    const n = (this.count += 1);
    const known = this.market.instruments.slice(0, named.length);
    const about = symbol
      ? known.find((one) => one.symbol === symbol)
      : known[n % 3 === 0 ? 0 : (n * 7) % 17];
    const [text, score, words, rule, matched] = templates[(n * 5) % templates.length];
    const fill = (words) =>
      words
        .replaceAll('{name}', about.name.split(/[ ,.]/)[0])
        .replaceAll('{full}', about.name)
        .replaceAll('{exchange}', about.exchange)
        .replaceAll('{symbol}', about.symbol);
    const published = new Date(at).toISOString();
    const symbols = [
      { symbol: about.symbol, confidence: 0.88, evidence: [{ matched: fill(matched), field: 'title', at: 0, rule }] }, // prettier-ignore
    ];
    if (n % 5 === 0)
      symbols.push({
        symbol: about.symbol === 'GM' ? 'F' : 'GM',
        confidence: 0.7,
        evidence: [
          { matched: 'General Motors', field: 'summary', at: 40, rule: 'long_name' },
          { matched: 'GM', field: 'provider', at: 0, rule: 'provider' },
        ],
      });
    return {
      id: hex(n),
      source: n % 4 === 1 ? 'sim' : 'guardian',
      title: title ?? fill(text),
      summary:
        n % 3 === 1
          ? ''
          : `Traders weighed what it means for the sector${n % 5 === 0 ? ', and for General Motors' : ''}. Made up, as all news of the look-alike is.`,
      url: `https://news.example/${hex(n)}`,
      published_at: published,
      updated_at: published,
      updates: n % 6 === 0 ? 3 : n % 11 === 0 ? 1 : 0,
      symbols,
      sentiment: {
        score,
        tone: score > 0.2 ? 'positive' : score < -0.2 ? 'negative' : 'neutral',
        words: words.map(([text, weight, negated]) => ({
          text,
          weight,
          is_negated: Boolean(negated),
        })),
      },
      streams: [n % 4 === 1 ? '2' : '1'],
      impact: null,
    };
  }

  publish(wanted) {
    const article = this.make({ at: Date.now(), ...wanted });
    this.list.unshift(article);
    this.say({ type: 'news', change: 'new', article });
    return article;
  }

  update(id) {
    const article = this.list.find((one) => one.id === id);
    if (!article) return;
    article.updates += 1;
    article.updated_at = new Date().toISOString();
    article.title = article.title.replace(/( \(updated\))?$/, ' (updated)');
    this.say({ type: 'news', change: 'updated', article });
  }

  impact(article, symbol) {
    const at = Date.parse(article.published_at);
    const n = parseInt(article.id.slice(-4), 16);
    const no = (why_not) => ({ symbol, minutes: 30, study: null, why_not });
    if (Date.now() - at < 3 * MINUTE) return no('no trade in the time after the article');
    if (n % 7 === 0) return no('too few earlier days to compare with');
    if (n % 11 === 0) return no('no price shortly before the article');
    const { price } = this.market.rows.get(symbol) ?? { price: 100 };
    const change = Number((article.sentiment.score + ((n % 100) - 50) / 90).toFixed(3));
    const abnormal = Number((change * 0.85).toFixed(3));
    const study = {
      from: article.published_at,
      to: new Date(at + 30 * MINUTE).toISOString(),
      before: price,
      after: Number((price * (1 + change / 100)).toFixed(2)),
      change_percent: change,
      abnormal_percent: abnormal,
      t: Number((abnormal * 3.4).toFixed(2)),
      n: 18 + (n % 9),
      references: n % 5 === 0 ? 'earlier' : 'same_hour',
      volume: 12345,
      usual_volume: 2345,
    };
    return { symbol, minutes: 30, study, why_not: null };
  }

  moves(symbol) {
    if (symbol === 'WAIT' || symbol === 'KO') return [];
    const own = this.list.filter((one) => one.symbols.some((tie) => tie.symbol === symbol));
    const bars = this.market.bars(symbol, '1m');
    return [42, 190, 700].flatMap((ago, i) => {
      const bar = bars[bars.length - ago];
      if (!bar) return [];
      const sign = i % 2 === 0 ? -1 : 1;
      const near = i === 1 ? [] : own.slice(i, i + 2);
      return [
        {
          from: new Date(bar.at - MINUTE).toISOString(),
          to: new Date(bar.at + 4 * MINUTE).toISOString(),
          onset: new Date(bar.at).toISOString(),
          before: bar.open,
          after: Number((bar.open * (1 + (sign * (1.1 + i)) / 100)).toFixed(2)),
          change_percent: sign * (1.1 + i),
          deviations: sign * (5.2 + i * 1.7),
          articles: near.map((article, at) => ({ lag_s: at === 0 ? -45 : 130, article })),
        },
      ];
    });
  }

  /** Answers a request for news or moves; `false` for any other. */
  route(request, url, response) {
    const send = (value) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(JSON.stringify(value));
    };
    const refuse = (status, detail, code) => {
      response.writeHead(status, { 'content-type': 'application/problem+json' });
      response.end(JSON.stringify({ type: 'about:blank', title: 'Refused', status, detail, code }));
    };
    const moves = /^\/api\/v1\/moves\/(.+)$/.exec(url.pathname);
    if (moves) {
      const symbol = decodeURIComponent(moves[1]);
      if (!this.market.rows.has(symbol)) {
        refuse(404, `Invalid stock symbol: ${symbol}`);
        return true;
      }
      const note = 'Association, not cause: an article near a move need not have made it.';
      const looked_from = new Date(Date.now() - 30 * 86_400_000).toISOString();
      send({ symbol, minutes: 5, moves: this.moves(symbol), looked_from, note });
      return true;
    }
    if (url.pathname !== '/api/v1/news') return false;
    const wanted = Object.fromEntries(url.searchParams);
    if (wanted.symbol && !this.market.rows.has(wanted.symbol)) {
      refuse(404, `Invalid stock symbol: ${wanted.symbol}`);
      return true;
    }
    let matches = () => true;
    if (wanted.q)
      try {
        matches = parseQuery(wanted.q);
      } catch (error) {
        refuse(400, error.message);
        return true;
      }
    const has = (one) =>
      (!wanted.source || one.source === wanted.source) &&
      (!wanted.stream || one.streams.includes(wanted.stream)) &&
      (!wanted.symbol || one.symbols.some(({ symbol }) => symbol === wanted.symbol)) &&
      matches(`${one.title} ${one.summary}`.toLowerCase());
    const all = this.list.filter(has);
    const from = wanted.cursor ? all.findIndex(({ id }) => id === wanted.cursor) + 1 : 0;
    const to = from + Math.min(Number(wanted.limit ?? 50), PER_PAGE_MAX);
    const page = all.slice(from, to);
    const { symbol } = wanted;
    send({
      articles: page.map((one) => ({ ...one, impact: symbol ? this.impact(one, symbol) : null })),
      next_cursor: to < all.length ? page.at(-1).id : null,
      pooled: symbol && all.length > 2 ? { n: 12, mean_abnormal_percent: 0.31, t: 1.9 } : null,
    });
    return true;
  }
}
