import { expect, test } from 'vitest';
import { FakeEnvironment } from '../testing/fake-environment';
import { Stream } from './stream';

function open() {
  const env = new FakeEnvironment();
  const stream = new Stream('ws://here/ws', env);
  stream.connection.start();
  env.socket.open();
  env.socket.take();
  return { env, stream };
}

const subscribe = { type: 'subscribe', channel: 'lists', id: 'lists' };

test('lists are followed while somebody watches, and again after a reconnect', () => {
  const { env, stream } = open();
  const heard: string[] = [];
  const stop = stream.lists.watch((heads) => heard.push(heads.map(({ name }) => name).join()));
  expect(env.socket.take()).toContainEqual(subscribe);
  env.socket.hear({ type: 'lists', data: { watchlists: [{ id: '1', name: 'Cars', version: 1 }] } });
  expect(heard).toEqual(['Cars']);
  env.socket.cut();
  env.pass(1000);
  env.socket.open();
  expect(env.socket.take()).toContainEqual(subscribe);
  stop();
  expect(env.socket.take()).toContainEqual({ type: 'unsubscribe', channel: 'lists' });
  stop();
  expect(env.socket.take()).toEqual([]);
});

test('only the end of the login counts as signed out', () => {
  const { env, stream } = open();
  let times = 0;
  stream.watchSignedOut(() => (times += 1));
  env.socket.cut();
  expect(times).toBe(0);
  env.pass(1000);
  env.socket.open();
  env.socket.onclose?.({ code: 4003, reason: 'signed out' });
  expect(times).toBe(1);
  // It comes back, as nobody's.
  env.pass(1000);
  env.socket.open();
  expect(stream.connection.link().phase).toBe('open');
});
