import { expect, test } from 'vitest';
import { presets, unfilled } from './presets';

const names = ['title', 'body', 'text', 'symbol', 'price', 'link', 'time', 'kind', 'id'];

test('presets are what the server takes', () => {
  for (const { id, content, template } of presets) {
    if (content === 'json' && template !== '')
      expect(() => JSON.parse(template) as unknown, id).not.toThrow();
    for (const [, name] of template.matchAll(/\{\{(.*?)\}\}/g)) expect(names, id).toContain(name);
  }
  expect(new Set(presets.map(({ id }) => id)).size).toBe(presets.length);
});

test('what is still to be filled in is found', () => {
  expect(unfilled('https://api.telegram.org/bot<token>/sendMessage')).toBe('<token>');
  expect(unfilled('https://hooks.slack.com/services/…')).toBe('…');
  expect(unfilled('{"text": "{{text}} < 3 > 2"}')).toBe(null);
});
