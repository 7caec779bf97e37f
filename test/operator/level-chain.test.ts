import fc from 'fast-check';
import { expect, test } from 'vitest';
import { LevelChain } from '../../src/operator/level-chain.ts';

type Change = readonly [from: number, to: number];

function chainOf(changes: readonly Change[]): LevelChain {
  const chain = new LevelChain();
  for (const [from, to] of changes) chain.add(from, to);
  return chain;
}

/** Levels one after the other, as sales and restocks leave them. */
const levels = fc.array(fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }), {
  minLength: 1,
  maxLength: 30,
});

const changesOf = (way: readonly number[]): Change[] =>
  way.slice(1).map((to, index) => [way[index] as number, to]);

test('changes lead from the first level to the last, in whatever order they come', () => {
  const shuffled = levels.chain((way) =>
    fc.record({
      way: fc.constant(way),
      changes: fc.shuffledSubarray(changesOf(way), { minLength: way.length - 1 }),
    }),
  );
  fc.assert(
    fc.property(shuffled, ({ way, changes }) => {
      expect(chainOf(changes).leads(way[0] as number, way.at(-1) as number)).toBe(true);
    }),
  );
});

test('a change that is missing, or twice, or another, is noticed', () => {
  fc.assert(
    fc.property(levels, fc.nat(), fc.nat(1_000), (way, pick, delta) => {
      const changes = changesOf(way).filter(([from, to]) => from !== to);
      fc.pre(changes.length > 0);
      const index = pick % changes.length;
      const [from, to] = changes[index] as Change;
      const [first, last] = [way[0] as number, way.at(-1) as number];
      expect(chainOf(changes.toSpliced(index, 1)).leads(first, last)).toBe(false);
      expect(chainOf([...changes, [from, to]]).leads(first, last)).toBe(false);
      const other: Change = [from, Math.abs(to - delta - 1)];
      fc.pre(other[1] !== to);
      expect(chainOf(changes.with(index, other)).leads(first, last)).toBe(false);
    }),
  );
});

test('nothing that changed leaves the level as it was', () => {
  expect(new LevelChain().leads(5, 5)).toBe(true);
  expect(new LevelChain().leads(5, 4)).toBe(false);
});
