import { stripVTControlCharacters } from 'node:util';
import { describe, expect, test } from 'vitest';
import type { Listing } from '../../../src/cli/terminal/listing.ts';
import { type Move, moveOf, PagedView } from '../../../src/cli/terminal/pager.ts';

/** `count` rows of `height` lines each, and how many of them were made. */
function listing(count: number, height = 1): Listing & { made: number } {
  const list = {
    made: 0,
    head: ['TITLE'],
    count,
    lines: (index: number) => {
      list.made++;
      return Array.from({ length: height }, (_, line) => `${index}.${line}`);
    },
  };
  return list;
}

function shown(view: PagedView): string[] {
  return stripVTControlCharacters(view.screen()).split('\r\n');
}

describe('a window of eight lines over twenty rows', () => {
  test.each<[Move[], string, string]>([
    [[], '0.0', '5.0'],
    [['page'], '6.0', '11.0'],
    [['line', 'line'], '2.0', '7.0'],
    [['page', 'page', 'page', 'page'], '14.0', '19.0'],
    [['end'], '14.0', '19.0'],
    [['end', 'line'], '14.0', '19.0'],
    [['end', 'page back'], '8.0', '13.0'],
    [['end', 'line back'], '13.0', '18.0'],
    [['page', 'line back', 'page back'], '0.0', '5.0'],
    [['line back'], '0.0', '5.0'],
    [['end', 'start'], '0.0', '5.0'],
  ])('after %j shows %s to %s', (moves, first, last) => {
    const view = new PagedView(listing(20), 8);
    for (const move of moves) view.move(move);
    const lines = shown(view);
    expect(lines).toHaveLength(8);
    expect([lines[0], lines[1], lines[6]]).toEqual(['TITLE', first, last]);
  });

  test('says where it is, and what the keys are', () => {
    const view = new PagedView(listing(20), 8, 80);
    expect(shown(view)[7]).toBe('row 1 of 20 · space, PgUp, Home, End; q quits');
    view.move('end');
    expect(shown(view)[7]).toContain('end · ');
    expect(shown(new PagedView(listing(20), 8, 20))[7]).toHaveLength(19);
  });
});

test('a row that is longer than the window is read line by line', () => {
  const view = new PagedView(listing(3, 10), 5);
  view.move('page');
  expect(shown(view).slice(1, 4)).toEqual(['0.3', '0.4', '0.5']);
  view.move('page');
  view.move('line');
  expect(shown(view).slice(1, 4)).toEqual(['0.7', '0.8', '0.9']);
  view.move('line');
  expect(shown(view).slice(1, 4)).toEqual(['0.8', '0.9', '1.0']);
  view.move('page back');
  expect(shown(view).slice(1, 4)).toEqual(['0.5', '0.6', '0.7']);
  view.move('end');
  expect(shown(view).slice(1, 4)).toEqual(['2.7', '2.8', '2.9']);
});

test('a list that has become shorter than the window shows from its start', () => {
  expect(shown(new PagedView(listing(2), 8, 80, 19)).slice(0, 4)).toEqual([
    'TITLE',
    '0.0',
    '1.0',
    '',
  ]);
});

test('titles that leave no room for rows are left out', () => {
  expect(shown(new PagedView(listing(5), 3))[0]).toBe('0.0');
});

test('a screen of 130,000 rows costs a screen', () => {
  const list = listing(130_000);
  const view = new PagedView(list, 40);
  for (const move of ['end', 'page back', 'start', 'page'] as const) {
    view.move(move);
    view.screen();
  }
  expect(list.made).toBeLessThan(1_000);
});

test.each([
  [{ name: 'space' }, 'page'],
  [{ name: 'pagedown' }, 'page'],
  [{ name: 'pageup' }, 'page back'],
  [{ name: 'home' }, 'start'],
  [{ name: 'g', sequence: 'g' }, 'start'],
  [{ name: 'g', sequence: 'G' }, 'end'],
  [{ name: 'end' }, 'end'],
  [{ name: 'return' }, 'line'],
  [{ name: 'q' }, 'quit'],
  [{ name: 'escape' }, 'quit'],
  [{ name: 'c', ctrl: true }, 'interrupt'],
  [{ name: 'c' }, null],
  [{ name: 'x', ctrl: true }, null],
  [{}, null],
])('the key %j means %j', (key, move) => {
  expect(moveOf(key)).toBe(move);
});
