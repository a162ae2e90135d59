import { expect, test } from 'vitest';
import { FakeEnvironment } from '../testing/fake-environment';
import { articleSample } from '../testing/news-samples';
import { Stream } from './stream';

const subscribe = { type: 'subscribe', channel: 'news', id: 'news' };

test('news is followed while somebody reads it, and again after a reconnect', () => {
  const env = new FakeEnvironment();
  const stream = new Stream('ws://here/ws', env);
  stream.connection.start();
  env.socket.open();
  expect(env.socket.take()).not.toContainEqual(subscribe);
  const heard: string[] = [];
  const stop = stream.news.watch(({ change, article }) => heard.push(`${change} ${article.id}`));
  expect(env.socket.take()).toContainEqual(subscribe);
  env.socket.hear({ type: 'news', change: 'new', article: articleSample({ id: 'a' }) });
  expect(heard).toEqual(['new a']);
  env.socket.cut();
  env.pass(1000);
  env.socket.open();
  expect(env.socket.take()).toContainEqual(subscribe);
  stop();
  expect(env.socket.take()).toContainEqual({ type: 'unsubscribe', channel: 'news' });
});

test('that there is no news for one is no complaint about everything', () => {
  const env = new FakeEnvironment();
  const stream = new Stream('ws://here/ws', env);
  stream.connection.start();
  env.socket.open();
  const said: string[] = [];
  stream.watchRefusals((message) => said.push(message));
  env.socket.hear({ type: 'error', code: 'not_allowed', message: 'sign in', id: 'news' });
  expect(said).toEqual([]);
});
