/** The page's types are made from the committed document; this is whether the program says the same. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';

const bin = process.env.BELLWETHER_BIN;
const kept = path.join(import.meta.dirname, '..', '..', 'crates', 'server', 'openapi.json');

test('the committed document is the one of the program', { skip: !bin }, () => {
  const said = execFileSync(bin, ['openapi'], { encoding: 'utf8' });
  assert.ok(
    said === readFileSync(kept, 'utf8'),
    'crates/server/openapi.json is not what the program says: update it, then `npm run generate`',
  );
});
