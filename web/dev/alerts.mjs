/** Alerts of the look-alike: as many rules as the page's specs need, decided on its made-up prices. */

const path = '/api/v1/alerts';

function wordsOf(symbol, { type, price }) {
  const word = { price_above: 'above', price_below: 'below', price_crosses: 'crosses' }[type];
  return word ? `${symbol} ${word} ${Number(price)}` : `${symbol} ${type}`;
}

async function bodyOf(request) {
  const parts = [];
  for await (const part of request) parts.push(part);
  const text = Buffer.concat(parts).toString();
  return text === '' ? null : JSON.parse(text);
}

export class Alerts {
  list = [];
  removed = [];
  firings = [];
  next = 1;
  version = 1;

  constructor(priceOf, say) {
    this.priceOf = priceOf;
    this.say = say;
  }

  frame() {
    return { type: 'alerts', data: { version: this.version } };
  }

  changed() {
    this.version += 1;
    this.say(this.frame());
  }

  /** Looks at the prices as they are now. */
  look() {
    for (const alert of this.list) {
      const price = this.priceOf(alert.symbol);
      const { type } = alert.rule;
      const threshold = Number(alert.rule.price);
      if (alert.state !== 'armed' || price === null) continue;
      const isTrue = type === 'price_above' ? price > threshold : price < threshold;
      if (isTrue && (type === 'price_above' || type === 'price_below')) this.fire(alert, price);
    }
  }

  fire(alert, price) {
    const at = new Date().toISOString();
    const id = String(this.next++);
    Object.assign(alert, {
      state: alert.repeat ? 'resting' : 'done',
      fired: alert.fired + 1,
      last_fired_at: at,
    });
    const side = alert.rule.type === 'price_above' ? 'above' : 'below';
    const firing = {
      id,
      alert: alert.id,
      name: `${alert.id}.0.${id}`,
      symbol: alert.symbol,
      text: `${alert.symbol} traded at ${price}, ${side} ${Number(alert.rule.price)}`,
      rule: alert.rule,
      rule_text: alert.text,
      note: alert.note,
      at,
      trade: { price: String(price), size: '100', timestamp: at, seq: this.next },
      source: 'sim',
      not_before: null,
      recorded_at: at,
    };
    this.firings.unshift(firing);
    this.say({ type: 'alert_fired', data: firing });
  }

  become(alert, request) {
    const now = new Date().toISOString();
    return {
      id: alert?.id ?? String(this.next++),
      symbol: request.symbol,
      rule: request.rule,
      text: wordsOf(request.symbol, request.rule),
      channels: request.channels ?? [],
      repeat: request.repeat ?? Boolean(request.rearm),
      rearm: request.rearm ?? (request.repeat ? { hysteresis: '0' } : null),
      expires_at: request.expires_at ?? null,
      quiet: request.quiet ?? null,
      note: request.note ?? '',
      state: request.is_paused ? 'paused' : 'armed',
      fired: 0,
      last_fired_at: alert?.last_fired_at ?? null,
      version: (alert?.version ?? 0) + 1,
      created_at: alert?.created_at ?? now,
      updated_at: now,
    };
  }

  /** Answers a request for alerts; `false` for any other. */
  async route(request, url, response) {
    if (!url.pathname.startsWith(path)) return false;
    const send = (value, status = 200) => {
      response.writeHead(status, { 'content-type': 'application/json' });
      response.end(value === undefined ? undefined : JSON.stringify(value));
    };
    const refuse = (status, code, detail) => {
      response.writeHead(status, { 'content-type': 'application/problem+json' });
      response.end(JSON.stringify({ type: 'about:blank', title: code, status, code, detail }));
    };
    const body = request.method === 'GET' ? null : await bodyOf(request);
    const [, id, deed] = url.pathname.slice(path.length).split('/');
    const at = this.list.findIndex((alert) => alert.id === id);
    if (id === undefined || id === '') {
      if (request.method === 'GET') send({ alerts: [...this.list].reverse() });
      else {
        const made = this.become(null, body);
        this.list.push(made);
        send(made, 201);
        this.changed();
      }
    } else if (id === 'firings') send({ firings: this.firings, next_cursor: null });
    else if (id === 'backtest') {
      const now = Date.now();
      const fired = [30, 20, 10].map((minutes) => ({
        timestamp: new Date(Math.floor(now / 60_000) * 60_000 - minutes * 60_000).toISOString(),
        price: body.rule.price ?? null,
      }));
      const text = 'would have fired 3 times in the stored days';
      const [{ timestamp: from }, , { timestamp: to }] = fired;
      send({ count: 3, text, fired, from, to, interval: '1m' });
    } else if (deed === 'restore') {
      const back = this.removed.find((alert) => alert.id === id);
      if (!back) refuse(404, 'not_found', `there is no alert ${id}`);
      else {
        this.list.push(this.become(back, back));
        this.removed = this.removed.filter((alert) => alert !== back);
        send(this.list.at(-1));
        this.changed();
      }
    } else if (at < 0) refuse(404, 'not_found', `there is no alert ${id}`);
    else if (request.method === 'DELETE') {
      this.removed.push(...this.list.splice(at, 1));
      response.writeHead(204).end();
      this.changed();
    } else if (request.method === 'GET') send(this.list[at]);
    else {
      const wanted = request.method === 'PATCH' ? { ...this.list[at], ...body } : body;
      this.list[at] = this.become(this.list[at], wanted);
      send(this.list[at]);
      this.changed();
    }
    return true;
  }
}
