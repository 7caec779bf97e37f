import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { LevelGaps, pagesFor } from '../../src/operator/level-gaps.ts';

type Step = readonly [from: number, to: number];

/** `last` to `first` closes the chain, as the audit has it. */
function areFilled(steps: readonly Step[], [first, last]: Step, ended: readonly number[]): boolean {
  const units = new Map<number, number>();
  for (const one of ended) units.set(one, (units.get(one) ?? 0) + 1);
  const gaps = new LevelGaps();
  gaps.add(last, first);
  for (const [from, to] of steps) gaps.add(from, to);
  return gaps.areFilled(units, { left: 5_000 });
}

/** What happens to an item: units bought or supplied, or held and let go after so many steps. */
const history = fc.array(
  fc.record({ units: fc.integer({ min: 1, max: 5 }), isHold: fc.boolean(), after: fc.nat(6) }),
  { maxLength: 40 },
);

/** The changes that are written down of a history, in any order, and the holds that ended. */
function played(events: readonly { units: number; isHold: boolean; after: number }[]) {
  const steps: Step[] = [];
  const due = new Map<number, number[]>();
  const ended: number[] = [];
  let level = 300;
  const letGo = (units: number) => {
    level += units;
    ended.push(units);
  };
  events.forEach(({ units, isHold, after }, at) => {
    for (const units of due.get(at) ?? []) letGo(units);
    due.delete(at);
    steps.push([level, level - units]);
    level -= units;
    if (isHold) due.set(at + after + 1, [...(due.get(at + after + 1) ?? []), units]);
  });
  for (const units of [...due.values()].flat()) letGo(units);
  return { steps: steps.reverse(), ended, last: level };
}

test('whatever happened leaves gaps that the ended holds fill', () => {
  fc.assert(
    fc.property(history, (events) => {
      const { steps, ended, last } = played(events);
      expect(areFilled(steps, [300, last], ended)).toBe(true);
    }),
    { numRuns: 200 },
  );
});

describe('gaps that no ended hold fills are found:', () => {
  test.each<[string, readonly Step[], Step, readonly number[]]>([
    [
      'one that leads down',
      [
        [10, 9],
        [7, 6],
      ],
      [10, 8],
      [2],
    ],
    [
      'a level that was sold twice',
      [
        [10, 9],
        [10, 9],
        [9, 6],
      ],
      [10, 8],
      [3],
    ],
    [
      'one that is too small for the hold',
      [
        [10, 7],
        [9, 8],
        [8, 5],
        [6, 5],
      ],
      [10, 8],
      [3],
    ],
    [
      'more of them than holds ended',
      [
        [10, 9],
        [10, 9],
        [10, 8],
      ],
      [10, 10],
      [4],
    ],
    [
      'one that is too large',
      [
        [10, 8],
        [10, 9],
        [10, 9],
      ],
      [10, 10],
      [1, 3],
    ],
  ])('%s', (_, steps, ends, ended) => {
    expect(areFilled(steps, ends, ended)).toBe(false);
  });
});

test('one gap may be filled by two holds, and two gaps by two of another order', () => {
  expect(
    areFilled(
      [
        [10, 7],
        [10, 8],
      ],
      [10, 10],
      [3, 2],
    ),
  ).toBe(true);
  expect(areFilled([[10, 5]], [10, 10], [2, 3])).toBe(true);
});

test('of very many holds it is told that gaps lead up, and that there are not too many', () => {
  const steps = Array.from({ length: 1_000 }, (): Step => [1_000, 999]);
  const ended = Array<number>(1_000).fill(1);
  expect(areFilled(steps, [1_000, 1_000], ended)).toBe(true);
  expect(areFilled([...steps, [998, 997]], [1_000, 1_000], ended)).toBe(false);
});

test('of what cannot all be tried nothing is said', () => {
  const gaps = new LevelGaps();
  for (const [from, to] of [
    [8, 10],
    [10, 9],
    [10, 9],
  ] as const)
    gaps.add(from, to);
  gaps.add(9, 8);
  gaps.add(10, 10);
  expect(gaps.areFilled(new Map([[1, 1]]), { left: 0 })).toBe(true);
});

test('levels far apart take as many pages as there are changes, close ones share them', () => {
  const gaps = new LevelGaps();
  expect(gaps.add(1e12, 0)).toBe(2);
  expect(gaps.add(1, 2)).toBe(0);
  expect(pagesFor(0, 1e12, 10)).toBe(20);
  expect(pagesFor(0, 640, 1e6)).toBe(12);
});
