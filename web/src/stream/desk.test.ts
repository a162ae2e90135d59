import { beforeEach, expect, test } from 'vitest';
import { FakeEnvironment } from '../testing/fake-environment';
import { account, ticket, transaction } from '../testing/desk-samples';
import { openTickets } from '../domain/desk-state';
import type { TransactionBody, TransactionsAnswer } from '../domain/api-types';
import type { Command } from './command';
import { Desk } from './desk';
import { RequestError } from './request';
import { Stream } from './stream';

let env: FakeEnvironment;
let stream: Stream;

beforeEach(() => {
  env = new FakeEnvironment();
  stream = new Stream('ws://here/ws', env);
  stream.connection.start();
});

const settle = () => new Promise<void>((done) => setImmediate(done));

test('the account is followed while wanted, and again after a reconnect', () => {
  env.socket.open();
  expect(env.socket.take('subscribe').some((frame) => 'channel' in frame && frame.channel === 'account')).toBe(false); // prettier-ignore
  const release = stream.desk.want();
  const subscribe = { type: 'subscribe', channel: 'account', id: 'account' };
  expect(env.socket.take()).toContainEqual(subscribe);
  env.socket.hear({ type: 'account', data: account() });
  expect(stream.desk.current()).toMatchObject({ phase: 'ready', isCurrent: true });
  env.socket.cut();
  expect(stream.desk.current().isCurrent).toBe(false);
  env.pass(1000);
  env.socket.open();
  expect(env.socket.take()).toContainEqual(subscribe);
  release();
  expect(env.socket.take()).toContainEqual({ type: 'unsubscribe', channel: 'account' });
});

test('news are told, and the account follows them', () => {
  env.socket.open();
  stream.desk.want();
  const news: TransactionBody[] = [];
  stream.desk.watchNews((one) => news.push(one));
  env.socket.hear({ type: 'account', data: account({ tickets: [ticket()] }) });
  const after = account({ last_transaction: '0-18' });
  env.socket.hear({ type: 'account_update', data: { transaction: transaction(), account: after } });
  expect(news.map(({ kind }) => kind)).toEqual(['ticket_committed']);
  expect(stream.desk.current().account?.last_transaction).toBe('0-18');
});

test('a server without a desk is no refusal to shout about', () => {
  env.socket.open();
  stream.desk.want();
  const shouted: string[] = [];
  stream.watchRefusals((message) => shouted.push(message));
  env.socket.hear({ type: 'error', code: 'bad_request', message: 'No such channel', id: 'account' }); // prettier-ignore
  expect(shouted).toEqual([]);
  expect(stream.desk.current()).toMatchObject({ phase: 'refused', refusal: 'No such channel' });
});

function deskWith(answer: (command: Command) => unknown, listed: TransactionBody[] = []) {
  const sent: Command[] = [];
  const send = <T>(command: Command) => {
    sent.push(command);
    return Promise.resolve().then(() => answer(command) as T);
  };
  const page: TransactionsAnswer = { transactions: listed, next_cursor: null };
  const desk = new Desk(
    () => true,
    send,
    <T>() => Promise.resolve(page as T),
  );
  desk.accountArrived(account());
  return { desk, sent };
}

test('commands go where the server has them', async () => {
  const { desk, sent } = deskWith(() => ticket());
  await desk.openTicket({ side: 'buy', symbol: 'AAPL', amount: '500' }, 'k1');
  expect(openTickets(desk.current()).map(({ id }) => id)).toEqual(['0-17']);
  await desk.commit('0-17', 'k2');
  await desk.cancel('0-17', 'k3');
  await desk.setTrigger('sell', 'BRK.B', { amount: '5', price: '1' }, 'k4');
  await desk.removeTrigger('sell', 'BINANCE:BTCUSDT', 'k5');
  await desk.deposit({ amount: '1' }, 'k6');
  expect(sent.map(({ method, path, key }) => `${method} ${path} ${key}`)).toEqual([
    'POST /api/v1/tickets k1',
    'POST /api/v1/tickets/0-17/commit k2',
    'DELETE /api/v1/tickets/0-17 k3',
    'PUT /api/v1/triggers/sell/BRK.B k4',
    'DELETE /api/v1/triggers/sell/BINANCE%3ABTCUSDT k5',
    'POST /api/v1/account/deposits k6',
  ]);
});

test('nothing is done before the server says so', async () => {
  const { desk } = deskWith(({ path }) => {
    if (path.endsWith('/commit')) throw new RequestError(409, 'Over', 'ticket_expired');
    return ticket();
  });
  const opening = desk.openTicket({ side: 'buy', symbol: 'AAPL', amount: '500' }, 'k');
  expect(desk.current().tickets).toEqual([]);
  await opening;
  await expect(desk.commit('0-17', 'k')).rejects.toThrow('Over');
  expect(desk.current().tickets[0]?.status).toBe('expired');
});

test('how a ticket ended unheard is looked up', async () => {
  const { desk } = deskWith(() => ticket(), [transaction({ kind: 'ticket_expired' })]);
  await desk.openTicket({ side: 'buy', symbol: 'AAPL', amount: '500' }, 'k');
  desk.accountArrived(account({ last_transaction: '0-40' }));
  await settle();
  expect(desk.current().tickets[0]).toMatchObject({ status: 'expired', isGone: false });
});
