/** The page's byte budget: what a first visit loads, gzipped. Run after a build. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { gzipSync } from 'node:zlib';

const INITIAL_JS_MAX = 130_000;
/** Every page there is, of which each loads when it is opened. */
const ALL_JS_MAX = 250_000;

const dist = path.join(import.meta.dirname, '..', 'dist');
const html = readFileSync(path.join(dist, 'index.html'), 'utf8');
const size = (file) => gzipSync(readFileSync(path.join(dist, file))).length;
const initial = [...html.matchAll(/(?:src|href)="\/([^"]+\.js)"/g)].map(([, file]) => file);
const all = readdirSync(path.join(dist, 'assets')).filter((file) => file.endsWith('.js'));
const sum = (files, folder = '') => files.reduce((bytes, file) => bytes + size(folder + file), 0);

let over = false;
for (const [what, bytes, max] of [
  ['first visit', sum(initial), INITIAL_JS_MAX],
  ['with every page', sum(all, 'assets/'), ALL_JS_MAX],
]) {
  console.log(`${what}: ${bytes} bytes of script, gzipped, of ${max}`);
  over ||= bytes > max;
}
if (/<script(?![^>]*\ssrc=)/.test(html)) {
  console.error('index.html holds an inline script, which the server’s policy refuses');
  over = true;
}
process.exit(over ? 1 : 0);
