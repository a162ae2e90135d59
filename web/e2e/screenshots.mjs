/** Pictures of every view in both themes, wide and on a phone, for looking at. */
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { listOf, openBrowser, openPage, priceOf, Server } from './harness.mjs';

const out = process.argv[2] ?? path.join(import.meta.dirname, '..', 'screenshots');
mkdirSync(out, { recursive: true });
const only = process.argv[3];
const server = await Server.start();
const browser = await openBrowser();
for (const theme of ['light', 'dark'])
  for (const phone of [false, true]) {
    const name = `${theme}-${phone ? 'phone' : 'wide'}`;
    const shot = async (page, what) =>
      page.screenshot({ path: path.join(out, `${what}-${name}.png`) });
    if (only && !name.includes(only)) continue;
    const page = await openPage(browser, { theme, phone, scale: phone ? 2 : 1 });
    await page.goto(server.url);
    await priceOf(page, 'AAPL');
    await page.waitForTimeout(2500);
    await shot(page, 'list');
    await page.getByRole('combobox', { name: 'Find a symbol' }).fill('motor');
    await page.waitForTimeout(500);
    await shot(page, 'search');
    await page.keyboard.press('Escape');
    await page.goto(`${server.url}/symbol/AAPL`);
    await page.waitForTimeout(2500);
    await shot(page, 'symbol');
    await server.kill();
    await page.waitForTimeout(2200);
    await shot(page, 'lost');
    await server.up();
    await page.goto(server.url);
    if (!phone) {
      await priceOf(page, 'AAPL');
      await page.keyboard.press('?');
      await page.waitForTimeout(200);
      await shot(page, 'help');
    }
    await page.context().close();
    const empty = await openPage(browser, {
      theme,
      phone,
      storage: { 'bellwether.lists': listOf([]) },
    });
    await empty.goto(server.url);
    await empty.waitForTimeout(500);
    await shot(empty, 'empty');
    await empty.context().close();
  }
await browser.close();
await server.stop();
