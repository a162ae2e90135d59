/** What the specs of news and streams share. */
import { real, Server } from './harness.mjs';

/**
 * The one line to change once the program serves news: `!real` drives it like all else. What only the look-alike can do
 * on demand (an article at once, a quota) is asked for by `publish` and `quota` below.
 */
export const newsOnLookAlike = !real || true;

export const startNews = () => Server.start({ lookAlike: newsOnLookAlike });

async function post(server, path, wanted) {
  const query = new URLSearchParams(wanted).toString();
  const answer = await fetch(`${server.url}${path}?${query}`, { method: 'POST' });
  if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
}

/** An article that comes now. */
export const publish = (server, wanted = {}) => post(server, '/dev/news', wanted);
/** An article's update. */
export const update = (server, id) => post(server, '/dev/news', { id });
/** From now on who asks is nobody in particular, with so many queries at most; without a number, an operator. */
export const quota = (server, most) =>
  post(server, '/dev/quota', most === undefined ? {} : { most });

export const articles = (page) => page.getByRole('list', { name: 'Articles, newest first' });
export const rows = (page) => articles(page).locator('> li');
