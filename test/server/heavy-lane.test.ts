import { expect, test } from 'vitest';
import type { Request, SingleRequest } from '../../src/inventory/model.ts';
import { HeavyLane, MAX_HEAVY_WORK_IN_BATCH } from '../../src/server/heavy-lane.ts';
import type { Entry } from '../../src/server/queue-entry.ts';

/** An entry that is only told apart from others. */
function named(name: string): Entry & { readonly name: string } {
  return { name } as unknown as Entry & { readonly name: string };
}

function batchOf(lane: HeavyLane): string[] {
  const batch: Entry[] = [];
  lane.moveTo(batch);
  return batch.map((entry) => (entry as Entry & { name: string }).name);
}

test('a batch takes so much work and no more, and the rest comes in the next', () => {
  const lane = new HeavyLane();
  const third = MAX_HEAVY_WORK_IN_BATCH / 3;
  for (let index = 0; index < 5; index++) lane.add('alice', named(`a${index}`), third);
  expect(batchOf(lane)).toEqual(['a0', 'a1', 'a2']);
  expect(lane.isEmpty).toBe(false);
  expect(batchOf(lane)).toEqual(['a3', 'a4']);
  expect(lane.isEmpty).toBe(true);
  expect(batchOf(lane)).toEqual([]);
});

test('what takes more than a batch has is taken alone, behind what was there already', () => {
  const lane = new HeavyLane();
  lane.add('alice', named('huge'), 10 * MAX_HEAVY_WORK_IN_BATCH);
  lane.add('alice', named('small'), 1);
  const batch = [named('light')] as Entry[];
  lane.moveTo(batch);
  expect(batch.map((entry) => (entry as Entry & { name: string }).name)).toEqual(['light', 'huge']);
  expect(batchOf(lane)).toEqual(['small']);
});

test('users take turns, however many requests one of them has', () => {
  const lane = new HeavyLane();
  const half = MAX_HEAVY_WORK_IN_BATCH / 2;
  for (let index = 0; index < 4; index++) lane.add('alice', named(`a${index}`), half);
  lane.add('bob', named('b0'), half);
  expect(batchOf(lane)).toEqual(['a0', 'b0']);
  lane.add('bob', named('b1'), half);
  expect(batchOf(lane)).toEqual(['a1', 'b1']);
  expect(batchOf(lane)).toEqual(['a2', 'a3']);
});

/** A request of alice's, by an asker of that name. */
function asked(asker: object, name: string, kind: 'confirm' | 'transaction' = 'confirm') {
  const session = { user: 'alice', since: 1, tokenHash: null };
  const confirm: SingleRequest = { kind: 'confirm', session, order: name };
  const request: Request =
    kind === 'confirm' ? confirm : { kind: 'transaction', requests: [confirm] };
  return { ...named(name), asker, request };
}

test('what is put off comes again as what may be long, with all that its asker asks meanwhile, in order', () => {
  const lane = new HeavyLane();
  const [one, other] = [{}, {}];
  const first = asked(one, 'first');
  expect(lane.takesBehind(first)).toBe(false);
  lane.putOff(first);
  lane.putOff(asked(one, 'second'));
  expect(lane.hasPutOff).toBe(true);
  const [third, apart] = [asked(one, 'third'), asked(other, 'apart')];
  expect(lane.takeBehind([third, apart])).toEqual([apart]);
  expect(first.request).toMatchObject({ order: 'first', mayBeLong: true });
  lane.add('alice', asked(one, 'heavy'), 500);
  expect(batchOf(lane)).toEqual(['first', 'second', 'third', 'heavy']);
  expect(lane.hasPutOff).toBe(false);
  expect(lane.takesBehind(asked(one, 'later'))).toBe(false);
});

test('what is put off comes before the heavy request that its asker has behind it in the lane already', () => {
  const lane = new HeavyLane();
  const asker = {};
  lane.add('alice', asked({}, 'another connection'), 500);
  lane.add('alice', asked(asker, 'heavy'), 500);
  lane.putOff(asked(asker, 'first'));
  lane.putOff(asked(asker, 'second'));
  expect(batchOf(lane)).toEqual(['another connection', 'first', 'second', 'heavy']);
  expect(lane.hasPutOff).toBe(false);
});

test('a few of them are in a batch, as the longest of orders would be, and a transaction is alone', () => {
  const lane = new HeavyLane();
  for (let index = 0; index < 6; index++) lane.putOff(asked({}, `c${index}`));
  lane.putOff(asked({}, 'exec', 'transaction'));
  expect(batchOf(lane)).toEqual(['c0', 'c1', 'c2', 'c3']);
  expect(batchOf(lane)).toEqual(['c4', 'c5']);
  expect(batchOf(lane)).toEqual(['exec']);
});
