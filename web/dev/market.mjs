/** A small made-up market for developing the page: symbols, walks and bars. */

export const named = [
  ['AAPL', 'Apple Inc.', 'NASDAQ', 'stock', 231.2, 'Technology', 'Consumer Electronics'],
  ['MSFT', 'Microsoft Corporation', 'NASDAQ', 'stock', 498.75, 'Technology', 'Software'],
  ['NVDA', 'NVIDIA Corporation', 'NASDAQ', 'stock', 178.4, 'Technology', 'Semiconductors'],
  [
    'AMZN',
    'Amazon.com, Inc.',
    'NASDAQ',
    'stock',
    223.1,
    'Consumer Discretionary',
    'Internet Retail',
  ],
  ['GOOGL', 'Alphabet Inc. Class A', 'NASDAQ', 'stock', 201.3, 'Communication', 'Internet Content'],
  ['META', 'Meta Platforms, Inc.', 'NASDAQ', 'stock', 742.6, 'Communication', 'Internet Content'],
  ['TSLA', 'Tesla, Inc.', 'NASDAQ', 'stock', 341.9, 'Consumer Discretionary', 'Auto Manufacturing'],
  [
    'GM',
    'General Motors Company',
    'NYSE',
    'stock',
    54.32,
    'Consumer Discretionary',
    'Auto Manufacturing',
  ],
  [
    'F',
    'Ford Motor Company',
    'NYSE',
    'stock',
    11.87,
    'Consumer Discretionary',
    'Auto Manufacturing',
  ],
  ['JPM', 'JPMorgan Chase & Co.', 'NYSE', 'stock', 291.5, 'Financials', 'Banks'],
  ['XOM', 'Exxon Mobil Corporation', 'NYSE', 'stock', 111.05, 'Energy', 'Oil & Gas'],
  ['BRK.B', 'Berkshire Hathaway Inc. Class B', 'NYSE', 'stock', 489.9, 'Financials', 'Insurance'],
  ['KO', 'The Coca-Cola Company', 'NYSE', 'stock', 69.4, 'Consumer Staples', 'Beverages'],
  ['DIS', 'The Walt Disney Company', 'NYSE', 'stock', 118.2, 'Communication', 'Entertainment'],
  ['NFLX', 'Netflix, Inc.', 'NASDAQ', 'stock', 1205.4, 'Communication', 'Entertainment'],
  ['INTC', 'Intel Corporation', 'NASDAQ', 'stock', 24.6, 'Technology', 'Semiconductors'],
  ['AMD', 'Advanced Micro Devices, Inc.', 'NASDAQ', 'stock', 163.3, 'Technology', 'Semiconductors'],
  ['SNDL', 'Sundial Growers Inc.', 'NASDAQ', 'stock', 0.4213, 'Health Care', 'Drug Manufacturers'],
  ['SPY', 'SPDR S&P 500 ETF Trust', 'NYSE Arca', 'etf', 645.3, null, null],
  ['QQQ', 'Invesco QQQ Trust', 'NASDAQ', 'etf', 571.8, null, null],
  ['BINANCE:BTCUSDT', 'Bitcoin / Tether', 'BINANCE', 'crypto', 113250.4, null, null],
  ['BINANCE:ETHUSDT', 'Ethereum / Tether', 'BINANCE', 'crypto', 4321.15, null, null],
  ['BINANCE:SHIBUSDT', 'Shiba Inu / Tether', 'BINANCE', 'crypto', 0.00001234, null, null],
  ['WAIT', 'Waiting Room Holdings', 'NYSE', 'stock', 20, 'Industrials', 'Services'],
];

function random(seed) {
  let state = seed >>> 0 || 1;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 4294967296;
  };
}

export const seconds = { '1s': 1, '1m': 60, '5m': 300, '15m': 900, '1h': 3600, '1d': 86400 };

function decimalsFor(price) {
  return price < 0.01 ? 8 : price < 1 ? 4 : 2;
}

export class Market {
  constructor({ extra = 600, seed = 7 } = {}) {
    this.rows = new Map();
    this.instruments = [];
    const rest = Array.from({ length: extra }, (_, i) => [
      `Z${String.fromCharCode(65 + (i % 26))}${String.fromCharCode(65 + (Math.floor(i / 26) % 26))}${i >= 676 ? 'X' : ''}`,
      `Zephyr Industries ${i + 1}`,
      'NYSE',
      'stock',
      5 + ((i * 37) % 400) + 0.25,
      'Industrials',
      'Conglomerates',
    ]);
    let n = 0;
    for (const [symbol, name, exchange, kind, price, sector, industry] of [...named, ...rest]) {
      n += 1;
      this.instruments.push({
        symbol,
        name,
        exchange,
        kind,
        currency: 'USD',
        sector,
        industry,
        hours: 'always',
      });
      const next = random(seed + n * 7919);
      const decimals = decimalsFor(price);
      const previous = Number((price * (0.97 + next() * 0.06)).toFixed(decimals));
      this.rows.set(symbol, {
        symbol,
        kind,
        decimals,
        next,
        price,
        previous,
        open: previous,
        high: Math.max(price, previous),
        low: Math.min(price, previous),
        volume: Math.floor(next() * 4e7),
        seq: 1,
        at: Date.now(),
        traded: symbol !== 'WAIT',
        bars: new Map(),
      });
    }
  }

  tick(symbol) {
    const row = this.rows.get(symbol);
    if (!row || !row.traded) return;
    const pull = (row.previous - row.price) / row.previous;
    const move = (row.next() - 0.5) * 0.0012 + pull * 0.0005;
    row.price = Number((row.price * (1 + move)).toFixed(row.decimals)) || row.price;
    row.high = Math.max(row.high, row.price);
    row.low = Math.min(row.low, row.price);
    const size = 1 + Math.floor(row.next() * 300);
    row.volume += size;
    row.seq += 1;
    row.at = Date.now();
    for (const [interval, bars] of row.bars) {
      const step = seconds[interval] * 1000;
      const start = Math.floor(row.at / step) * step;
      const last = bars[bars.length - 1];
      if (last && last.at === start) {
        last.high = Math.max(last.high, row.price);
        last.low = Math.min(last.low, row.price);
        last.close = row.price;
        last.volume += size;
        last.trades += 1;
      } else bars.push(this.bar(start, row.price, row.price, row.price, row.price, size));
    }
  }

  bar(at, open, high, low, close, volume) {
    const vwap = Number(((high + low + close) / 3).toFixed(6));
    return { at, open, high, low, close, volume, trades: 1 + Math.floor(volume / 90), vwap };
  }

  bars(symbol, interval) {
    const row = this.rows.get(symbol);
    let bars = row.bars.get(interval);
    if (bars) return bars;
    bars = [];
    const next = random(
      [...symbol].reduce((sum, letter) => sum * 31 + letter.charCodeAt(0), seconds[interval]),
    );
    const step = seconds[interval] * 1000;
    const volatility = 0.0006 * Math.sqrt(seconds[interval] / 20);
    let price = row.price;
    let at = Math.floor(Date.now() / step) * step;
    const count = interval === '1d' ? 700 : 2600;
    while (bars.length < count) {
      const hour = new Date(at).getUTCHours();
      const open24 = row.kind === 'crypto';
      const day = new Date(at).getUTCDay();
      // The night begins so many hours ago, whatever the clock says: what is shown does not hang on when it is looked at.
      const hoursAgo = ((Date.now() - at) / 3_600_000) % 24;
      const quiet =
        !open24 &&
        ((interval !== '1d' && hoursAgo >= 11 && hoursAgo < 19) ||
          (interval === '1d' && (day === 0 || day === 6)));
      const missing = interval !== '1d' && next() < 0.012;
      if (!quiet && !missing) {
        const open = Number((price * (1 + (next() - 0.5) * volatility * 2)).toFixed(row.decimals));
        const high = Number(
          (Math.max(open, price) * (1 + next() * volatility * 0.6)).toFixed(row.decimals),
        );
        const low = Number(
          (Math.min(open, price) * (1 - next() * volatility * 0.6)).toFixed(row.decimals),
        );
        const busy = hour >= 14 && hour < 21 ? 1 : 0.15;
        bars.push(
          this.bar(
            at,
            open,
            high,
            low,
            price,
            Math.floor((200 + next() * 5000) * busy * Math.sqrt(seconds[interval])),
          ),
        );
        price = open;
      }
      at -= step;
    }
    bars.reverse();
    row.bars.set(interval, bars);
    return bars;
  }

  figures(symbol) {
    const row = this.rows.get(symbol);
    if (!row.traded)
      return {
        price: null,
        timestamp: null,
        seq: 0,
        source: null,
        age_ms: null,
        state: 'waiting',
        open: null,
        high: null,
        low: null,
        volume: null,
        previous_close: null,
        change: null,
        change_percent: null,
      };
    const change = Number((row.price - row.previous).toFixed(row.decimals));
    return {
      price: row.price,
      timestamp: new Date(row.at).toISOString(),
      seq: row.seq,
      source: 'sim',
      age_ms: Date.now() - row.at,
      state: 'simulated',
      open: row.open,
      high: row.high,
      low: row.low,
      volume: row.volume,
      previous_close: row.previous,
      change,
      change_percent: Number(((change / row.previous) * 100).toFixed(6)),
    };
  }

  search(text, limit) {
    const q = text.trim().toUpperCase();
    if (!q) return [];
    const rank = ({ symbol, name }) => {
      const local = symbol.split(':').pop();
      if (symbol === q || local === q) return 0;
      if (symbol.startsWith(q) || local.startsWith(q)) return 1;
      if (
        name
          .toUpperCase()
          .split(/\W+/)
          .some((word) => word.startsWith(q))
      )
        return 2;
      return name.toUpperCase().includes(q) ? 3 : 9;
    };
    return this.instruments
      .map((instrument) => [rank(instrument), instrument])
      .filter(([r]) => r < 9)
      .sort((a, b) => a[0] - b[0])
      .slice(0, limit)
      .map(([, instrument]) => instrument);
  }

  card(symbol) {
    const row = this.rows.get(symbol);
    if (row.kind !== 'stock')
      return {
        week_52_high: null,
        week_52_low: null,
        market_cap: null,
        pe_ratio: null,
        shares_outstanding: null,
        as_of: null,
        source: null,
      };
    return {
      week_52_high: Number((row.previous * 1.21).toFixed(2)),
      week_52_low: Number((row.previous * 0.68).toFixed(2)),
      market_cap: Math.round(row.previous * 1.5e10),
      pe_ratio: 31.4,
      shares_outstanding: 1.5e10,
      as_of: new Date().toISOString(),
      source: 'sim',
    };
  }
}
