import { expect, test } from 'vitest';
import { newKey, outcomeUnknown, sendCommand, type Command } from './command';
import { RequestError } from './request';

const command: Command = { method: 'POST', path: '/x', body: { amount: '1' }, key: newKey() };

function world(...answers: (Response | Error)[]) {
  const sent: RequestInit[] = [];
  const waits: number[] = [];
  return {
    sent,
    waits,
    fetch: (_input: unknown, init?: RequestInit) => {
      sent.push(init ?? {});
      const answer = answers.shift() ?? new Error('nothing more');
      return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer);
    },
    wait: (ms: number) => {
      waits.push(ms);
      return Promise.resolve();
    },
  };
}

const keys = (sent: RequestInit[]) => sent.map(({ headers }) => (headers as Record<string, string>)['idempotency-key']); // prettier-ignore

test('a cut is followed by one repeat with the same key', async () => {
  const env = world(new TypeError('cut'), Response.json({ id: '0-1' }, { status: 201 }));
  expect(await sendCommand(command, env)).toEqual({ id: '0-1' });
  expect(keys(env.sent)).toEqual([command.key, command.key]);
  expect(env.waits.length).toBe(1);
});

test('a second cut is told as an unknown outcome', async () => {
  const env = world(new TypeError('cut'), new TypeError('cut'));
  const error: unknown = await sendCommand(command, env).catch((caught: unknown) => caught);
  expect(outcomeUnknown(error)).toBe(true);
  expect(env.sent.length).toBe(2);
});

test('a refusal is not repeated, and keeps its code and words', async () => {
  const problem = { title: 'Conflict', status: 409, detail: 'Not enough', code: 'insufficient_cash' }; // prettier-ignore
  const env = world(Response.json(problem, { status: 409 }));
  const error: unknown = await sendCommand(command, env).catch((caught: unknown) => caught);
  expect(error).toBeInstanceOf(RequestError);
  expect(error).toMatchObject({ status: 409, code: 'insufficient_cash', message: 'Not enough' });
  expect(outcomeUnknown(error)).toBe(false);
  expect(env.sent.length).toBe(1);
});

test('an answer without a body is none', async () => {
  const env = world(new Response(null, { status: 204 }));
  expect(await sendCommand({ method: 'DELETE', path: '/x', key: 'k' }, env)).toBeUndefined();
  expect(env.sent[0]?.body).toBeUndefined();
});

test('keys are UUIDs, and no two are the same', () => {
  const all = Array.from({ length: 100 }, newKey);
  for (const key of all)
    expect(key).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  expect(new Set(all).size).toBe(100);
});
