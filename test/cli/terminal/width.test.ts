import { beforeAll, expect, test, vi } from 'vitest';
import {
  cellsOf,
  fitted,
  padded,
  prepareToMeasure,
  wrapped,
} from '../../../src/cli/terminal/width.ts';

beforeAll(() => prepareToMeasure(['音']));

test.each([
  ['short', 10, 'short'],
  ['exactly10!', 10, 'exactly10!'],
  ['eleven char', 10, 'eleven ch…'],
  ['音楽会', 6, '音楽会'],
  ['音楽会', 5, '音楽…'],
  ['a音楽会', 6, 'a音楽…'],
  ['🎟🎟🎟', 4, '🎟🎟🎟'],
  ['🎫🎫🎫', 4, '🎫…'],
  ['e\u0301e\u0301e\u0301', 2, 'e\u0301…'],
  // A letter beyond the Latin ones takes one cell.
  ['ἀγορά', 5, 'ἀγορά'],
])('%s in %i cells', (text, cells, shown) => {
  expect(fitted(text, cells)).toBe(shown);
});

test('there is room without end', () => {
  expect(fitted('x'.repeat(500), Number.POSITIVE_INFINITY)).toHaveLength(500);
});

test('padding counts cells', () => {
  expect(padded('音', 4, 'left')).toBe('音  ');
  expect(padded('音', 4, 'right')).toBe('  音');
  expect(padded('\u001b[31mred\u001b[39m', 4, 'left')).toBe('\u001b[31mred\u001b[39m ');
  expect(padded('long', 2, 'left')).toBe('long');
});

test.each([
  ['one two', 10, ['one two']],
  ['one two three', 8, ['one two', 'three']],
  ['abcdefgh', 3, ['abc', 'def', 'gh']],
  ['a abcdefgh b', 3, ['a', 'abc', 'def', 'gh', 'b'].slice(0, 3).concat(['gh', 'b'])],
  ['音楽会', 4, ['音楽', '会']],
  ['音', 1, ['音']],
  ['', 5, ['']],
])('%j in lines of %i cells', (text, cells, lines) => {
  expect(wrapped(text, cells)).toEqual(lines);
});

test('no line of a wrapped text is wider than it may be', () => {
  const text = 'order 019ac0e2-0000-7000-8000-000000000000 音楽会の チケット 20 × 1006, '.repeat(5);
  for (let cells = 2; cells < 60; cells++) {
    for (const line of wrapped(text, cells)) expect(cellsOf(line)).toBeLessThanOrEqual(cells);
  }
});

test('V8 loads its tables of languages, which takes longer than a command, only for a text that is cut', async () => {
  using made = vi.spyOn(Intl, 'Segmenter');
  vi.resetModules();
  const { cellsOf, fitted, padded, wrapped } = await import('../../../src/cli/terminal/width.ts');
  expect([cellsOf('ticket'), padded('ticket', 8, 'left'), wrapped('a ticket', 6)]).toEqual([
    6,
    'ticket  ',
    ['a', 'ticket'],
  ]);
  expect(made).not.toHaveBeenCalled();
  expect(fitted('ticket', 3)).toBe('ti…');
  expect(made).toHaveBeenCalledOnce();
});
