import { expect, test } from 'vitest';
import { outcomeOf } from './provider';

test('what the server says is told in words of ours', () => {
  expect(outcomeOf('')).toBeNull();
  expect(outcomeOf('?x=1')).toBeNull();
  expect(outcomeOf('?oidc=denied')).toContain('said no');
  for (const strange of ['<b>call this number</b>', 'constructor', '__proto__', '']) {
    const said = outcomeOf(`?oidc=${encodeURIComponent(strange)}`);
    expect(said).toBe('Signing in did not work. Try again.');
  }
});
