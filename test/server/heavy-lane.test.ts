import { expect, test } from 'vitest';
import type { Entry } from '../../src/server/group-commit.ts';
import { HeavyLane, MAX_HEAVY_WORK_IN_BATCH } from '../../src/server/heavy-lane.ts';

/** An entry that is only told apart from others. */
function named(name: string): Entry & { readonly name: string } {
  return { name } as unknown as Entry & { readonly name: string };
}

function batchOf(lane: HeavyLane<Entry>): string[] {
  const batch: Entry[] = [];
  lane.moveTo(batch);
  return batch.map((entry) => (entry as Entry & { name: string }).name);
}

test('a batch takes so much work and no more, and the rest comes in the next', () => {
  const lane = new HeavyLane<Entry>();
  const third = MAX_HEAVY_WORK_IN_BATCH / 3;
  for (let index = 0; index < 5; index++) lane.add('alice', named(`a${index}`), third);
  expect(batchOf(lane)).toEqual(['a0', 'a1', 'a2']);
  expect(lane.isEmpty).toBe(false);
  expect(batchOf(lane)).toEqual(['a3', 'a4']);
  expect(lane.isEmpty).toBe(true);
  expect(batchOf(lane)).toEqual([]);
});

test('what takes more than a batch has is taken alone, behind what was there already', () => {
  const lane = new HeavyLane<Entry>();
  lane.add('alice', named('huge'), 10 * MAX_HEAVY_WORK_IN_BATCH);
  lane.add('alice', named('small'), 1);
  const batch = [named('light')] as Entry[];
  lane.moveTo(batch);
  expect(batch.map((entry) => (entry as Entry & { name: string }).name)).toEqual(['light', 'huge']);
  expect(batchOf(lane)).toEqual(['small']);
});

test('users take turns, however many requests one of them has', () => {
  const lane = new HeavyLane<Entry>();
  const half = MAX_HEAVY_WORK_IN_BATCH / 2;
  for (let index = 0; index < 4; index++) lane.add('alice', named(`a${index}`), half);
  lane.add('bob', named('b0'), half);
  expect(batchOf(lane)).toEqual(['a0', 'b0']);
  lane.add('bob', named('b1'), half);
  expect(batchOf(lane)).toEqual(['a1', 'b1']);
  expect(batchOf(lane)).toEqual(['a2', 'a3']);
});
