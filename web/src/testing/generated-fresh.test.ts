import { readFileSync } from 'node:fs';
import openapiTS, { astToString } from 'openapi-typescript';
import { expect, test } from 'vitest';

test('the types are those of the server’s document; `npm run generate` makes them', async () => {
  const made = astToString(
    await openapiTS(new URL('../../../crates/server/openapi.json', import.meta.url)),
  );
  const kept = readFileSync(new URL('../generated/api.ts', import.meta.url), 'utf8');
  expect(kept.endsWith(made)).toBe(true);
});
