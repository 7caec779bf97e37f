/** The colours of the page can be told apart, light and dark: WCAG 2.2 AA. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const file = readFileSync(join(import.meta.dirname, '../../src/http/page/page.css'), 'utf8');
const css = file.replace(/\/\*.*?\*\//gs, '');

const [light = '', dark = ''] = css.match(/:root \{[^}]+\}/g) ?? [];

function coloursIn(rule: string): Record<string, string> {
  return Object.fromEntries(
    [...rule.matchAll(/--([\w-]+): (#[0-9a-f]{6});/g)].map(([, name = '', colour = '']) => [
      name,
      colour,
    ]),
  );
}

function luminance(colour: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((start) => {
    const part = Number.parseInt(colour.slice(start, start + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function contrast(one: string, other: string): number {
  const [high = 0, low = 0] = [luminance(one), luminance(other)].sort((a, b) => b - a);
  return (high + 0.05) / (low + 0.05);
}

/** The rules of the page, but for those of the colours: what each chooses, and what it says. */
const rules = [...css.matchAll(/([^{};]+)\{([^{}]*)\}/g)].map(([, selector = '', body = '']) => ({
  selector: selector.trim(),
  body,
}));

test('nothing that is read is made paler than its colour', () => {
  const paler = rules.filter(({ body }) => /opacity: (?!1;)|filter:/.test(body));
  // The buttons of the lists lie unseen over their words.
  expect(paler.map(({ selector }) => selector)).toEqual(['.lists input']);
});

test.each([
  ['light', coloursIn(light)],
  ['dark', coloursIn(dark)],
])('%s', (_, colours) => {
  const of = (text: string, ground: string) => contrast(colours[text] ?? '', colours[ground] ?? '');
  const texts: [text: string, ground: string][] = [
    ['text', 'page'],
    ['text', 'card'],
    ['quiet', 'page'],
    ['quiet', 'card'],
    ['quiet', 'track'],
    ['accent', 'card'],
    ['low', 'card'],
    ['out', 'card'],
    ['out', 'out-soft'],
  ];
  for (const [text, ground] of texts) {
    expect([text, ground, of(text, ground) >= 4.5]).toEqual([text, ground, true]);
  }
  // What is shown when the server is lost, in the colours that it has then.
  const [stale] = rules.filter(({ selector }) => selector.startsWith('.stale'));
  const others = [...(stale?.body ?? '').matchAll(/([\w-]+): var\(--(\w+)\)/g)];
  expect(others).not.toEqual([]);
  for (const [, name = '', other = ''] of others) {
    if (!['--trail', '--low-trail', '--out-soft'].includes(name)) {
      expect([name, of(other, 'card') >= 4.5, of(other, 'track') > 3]).toEqual([name, true, true]);
    }
  }
  // What is no text, and says something.
  for (const bar of ['accent', 'low', 'out']) expect(of(bar, 'track')).toBeGreaterThan(3);
  for (const ground of ['page', 'card']) expect(of('focus', ground)).toBeGreaterThan(3);
});
