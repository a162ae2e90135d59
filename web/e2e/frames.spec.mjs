/**
 * Many symbols, each moving as often as the server sends rows. The figures are printed; the test
 * itself only insists that the page keeps drawing, since a shared machine may be slow.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { busiest, described, measure, RATE, SYMBOLS } from './frames.mjs';
import { Server } from './harness.mjs';

const SECONDS = 4;
let server;

before(async () => {
  server = await Server.start({ rate: RATE, perSymbol: 10 });
});
after(async () => {
  await server?.stop();
});

test(`${SYMBOLS} symbols move and the page keeps drawing`, async () => {
  const symbols = await busiest(server.url, SYMBOLS);
  assert.equal(symbols.length, SYMBOLS);
  const seen = await measure(server.url, symbols, 2160, SECONDS);
  console.log(described(seen));
  assert.ok(seen.rows >= 50, `only ${seen.rows} rows in sight`);
  assert.ok(seen.frames > 5, `only ${seen.frames} frames a second`);
  assert.ok(seen.updates > SYMBOLS, `only ${seen.updates} updates a second`);
});
