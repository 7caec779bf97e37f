import { describe, expect, test } from 'vitest';
import { toReason, toTime, toUnits, toUpc } from '../../src/operator/words.ts';

test.each([
  ['+50', 50],
  ['50', 50],
  ['-3', -3],
  ['+007', 7],
  [`-${Number.MAX_SAFE_INTEGER}`, -Number.MAX_SAFE_INTEGER],
])('%s units', (word, units) => {
  expect(toUnits(word)).toBe(units);
});

test.each(['0', '+0', '-0', '1.5', '1e3', '+-3', ' 3', '', '9007199254740992', '٣'])(
  'no units: %j',
  (word) => {
    expect(() => toUnits(word)).toThrow(/--units is how many units come \(\+50\) or go \(-3\)/);
  },
);

test('a UPC is the same with leading zeros', () => {
  expect(toUpc('0000000000000000001001')).toBe(1001);
  for (const word of ['0', '-1', '1x', '9007199254740992']) {
    expect(() => toUpc(word)).toThrow(/--upc is a whole number from 1/);
  }
});

describe('a time', () => {
  test.each([
    ['2026-11-25', '2026-11-25T00:00:00.000Z'],
    ['2026-11-25T18:30', '2026-11-25T18:30:00.000Z'],
    ['2026-11-25 18:30:05', '2026-11-25T18:30:05.000Z'],
    ['2026-11-25T18:30:05.123Z', '2026-11-25T18:30:05.123Z'],
    ['2026-11-25t18:30z', '2026-11-25T18:30:00.000Z'],
    ['2026-11-25T01:30+02:00', '2026-11-24T23:30:00.000Z'],
    ['2028-02-29', '2028-02-29T00:00:00.000Z'],
  ])('%s', (word, iso) => {
    expect(new Date(toTime('--since', word)).toISOString()).toBe(iso);
  });

  test.each([
    'yesterday',
    '2026-02-30',
    '2026-13-01',
    '2026-11-25T25:00',
    '25.11.2026',
    '1795642159892',
    '2026-11-25T18:30:00.1234',
    '2026-1-5',
  ])('that is none: %s', (word) => {
    expect(() => toTime('--until', word)).toThrow(/^--until is a date \(2026-11-25\) or a time/);
  });
});

test('a reason is a line of text', () => {
  expect(toReason(' Lieferung 4711, „heil“ ')).toBe('Lieferung 4711, „heil“');
  for (const text of ['a\nb', 'a\u001b[2Jb', 'x'.repeat(201), '\ud800']) {
    expect(() => toReason(text)).toThrow(/--reason has at most 200 characters/);
  }
});
