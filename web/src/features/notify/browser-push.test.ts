import { expect, test } from 'vitest';
import { browserName, hashOf, octetsOf } from './browser-push';

test('browsers have names', () => {
  const agents = {
    'Firefox on Linux': 'Mozilla/5.0 (X11; Linux x86_64; rv:131.0) Gecko/20100101 Firefox/131.0',
    'Chrome on Android':
      'Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Mobile Safari/537.36',
    'Edge on Windows':
      'Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36 Edg/130.0',
    'Safari on iPhone':
      'Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Safari/604.1',
    'Browser on this device': 'curl',
  };
  for (const [name, agent] of Object.entries(agents)) expect(browserName(agent)).toBe(name);
});

test('a browser’s mark is the server’s', async () => {
  expect(await hashOf('abc')).toBe(
    'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
  );
});

test('keys are read', () => {
  expect([...octetsOf('-_8B')]).toEqual([251, 255, 1]);
});
