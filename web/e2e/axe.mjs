/** Runs axe over a page as it stands. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

export async function check(page, view) {
  // Through the debugger, so the page's own policy against foreign scripts stays in force.
  if (!(await page.evaluate(() => 'axe' in window))) await page.evaluate(axe);
  const { violations } = await page.evaluate(() =>
    // The table's rows are all alike, and there may be hundreds.
    window.axe.run(
      { include: document, exclude: ['.bars tr:nth-child(n + 20)'] },
      {
        runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],
      },
    ),
  );
  const found = violations.map(
    ({ id, help, nodes }) =>
      `${id}: ${help}\n${nodes
        .slice(0, 4)
        .map((node) => `    ${node.target.join(' ')} ${node.any[0]?.message ?? ''}`)
        .join('\n')}`,
  );
  assert.deepEqual(found, [], `${view}\n${found.join('\n')}`);
}
