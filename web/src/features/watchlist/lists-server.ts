/** Watch lists as the server keeps them: its calls, one function each. */
import type { ImportAnswer, WatchlistBody, WatchlistsAnswer } from '../../domain/api-types';
import { getJson, refusalOf, sendJson, unreachable } from '../../stream/request';

export type ListContent = { name: string; symbols: readonly string[]; is_for_visitors?: boolean };

export type ListsServer = {
  all(): Promise<WatchlistBody[]>;
  one(id: string): Promise<WatchlistBody>;
  create(content: ListContent): Promise<WatchlistBody>;
  /** Refused with 412 where the list has another version by now. */
  replace(id: string, version: number, content: ListContent): Promise<WatchlistBody>;
  remove(id: string, version: number): Promise<void>;
  order(ids: readonly string[]): Promise<void>;
};

const root = '/api/v1/watchlists';
const path = (id: string) => `${root}/${encodeURIComponent(id)}`;

async function sendFor(version: number, method: 'PUT' | 'DELETE', id: string, body?: ListContent) {
  let answer: Response;
  try {
    answer = await fetch(path(id), {
      method,
      headers: {
        accept: 'application/json',
        'content-type': 'application/json',
        'if-match': `"${version}"`,
      },
      ...(body ? { body: JSON.stringify(body) } : {}),
    });
  } catch {
    throw unreachable();
  }
  if (!answer.ok) throw await refusalOf(answer);
  return answer;
}

export const listsServer: ListsServer = {
  all: async () => (await getJson<WatchlistsAnswer>(root)).watchlists,
  one: (id) => getJson(path(id)),
  create: (content) => sendJson('POST', root, content),
  replace: async (id, version, content) =>
    (await (await sendFor(version, 'PUT', id, content)).json()) as WatchlistBody,
  remove: async (id, version) => {
    await sendFor(version, 'DELETE', id);
  },
  order: (ids) => sendJson('PUT', `${root}/order`, { ids }),
};

/** New names make new lists, and known ones get what they lack: all of it or nothing. */
export function importLists(lists: readonly ListContent[]): Promise<ImportAnswer> {
  const watchlists = lists.map(({ name, symbols }) => ({ name, symbols }));
  return sendJson('POST', `${root}/import`, { watchlists });
}
