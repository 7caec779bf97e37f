import { expect, test } from 'vitest';
import type { Request, SingleRequest } from '../../src/inventory/model.ts';
import { HeavyLane, MAX_HEAVY_WORK_IN_BATCH } from '../../src/server/heavy-lane.ts';
import type { Entry } from '../../src/server/queue-entry.ts';

/** An entry that is only told apart from others. */
function named(name: string): Entry & { readonly name: string } {
  const request: Request = { kind: 'whoami', session: null };
  return { name, request } as unknown as Entry & { readonly name: string };
}

function batchOf(lane: HeavyLane): string[] {
  const batch: Entry[] = [];
  lane.moveTo(batch);
  return namesOf(batch);
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

/** The names of entries, in their order. */
function namesOf(entries: readonly Entry[]): string[] {
  return entries.map((entry) => (entry as Entry & { name: string }).name);
}

test('what is put off comes again as what may be long, with all that its asker asks meanwhile, in order', () => {
  const lane = new HeavyLane();
  const [one, other] = [{}, {}];
  const [first, second] = [asked(one, 'first'), asked(one, 'second')];
  expect(lane.takesBehind(first)).toBe(false);
  const [third, apart] = [asked(one, 'third'), asked(other, 'apart')];
  expect(lane.putOff([first, second], [third, apart])).toEqual([apart]);
  expect(first.request).toMatchObject({ order: 'first', mayBeLong: true });
  lane.add('alice', asked(one, 'heavy'), 500);
  expect(lane.takesBehind(asked(one, 'fifth'))).toBe(true);
  expect(lane.takesBehind(asked(other, 'apart'))).toBe(false);
  expect(batchOf(lane)).toEqual(['first', 'second', 'third', 'heavy']);
  expect(batchOf(lane)).toEqual(['fifth']);
  expect(lane.takesBehind(asked(one, 'later'))).toBe(false);
});

test('what is put off comes before what its asker has in the lane already', () => {
  const lane = new HeavyLane();
  const [asker, other] = [{}, {}];
  lane.add('alice', asked({}, 'another connection'), 500);
  lane.add('alice', asked(asker, 'heavy'), 500);
  lane.takesBehind(asked(asker, 'last'));
  const put = [asked(asker, 'first'), asked(other, 'other'), asked(asker, 'second')];
  expect(lane.putOff(put, [asked(asker, 'third')])).toEqual([]);
  const names = ['another connection', 'first', 'second', 'third', 'heavy', 'last', 'other'];
  expect([...batchOf(lane), ...batchOf(lane)]).toEqual(names);
  expect(lane.isEmpty).toBe(true);
});

test('readers are shown without those behind something that may write, and stay until they are served', () => {
  const lane = new HeavyLane();
  const [writing, elsewhere, reading] = [{}, {}, {}];
  const list = (asker: object, name: string): Entry => ({
    ...asked(asker, name),
    request: { kind: 'inventory', upcs: null } as unknown as Request,
  });
  lane.putOff([asked(writing, 'confirm')], [list(writing, 'behind it')]);
  lane.add('alice', list(elsewhere, 'behind what is elsewhere'), 500);
  lane.add('alice', list(reading, 'list'), 500);
  lane.add('bob', list({}, 'too much'), MAX_HEAVY_WORK_IN_BATCH);
  lane.add('carol', list({}, 'not looked at'), 1);
  const readers = lane.readers(new Set([elsewhere]));
  expect(namesOf(readers)).toEqual(['list']);
  expect(lane.readers(new Set([elsewhere]))).toEqual(readers);
  lane.remove(new Set(readers));
  // Alice had a turn.
  expect(batchOf(lane)).toEqual(['too much']);
  expect(batchOf(lane)).toEqual([
    'not looked at',
    'confirm',
    'behind it',
    'behind what is elsewhere',
  ]);
});

test('what takes more than a batch has is read alone', () => {
  const lane = new HeavyLane();
  const request = { kind: 'inventory', upcs: null } as unknown as Request;
  lane.add('alice', { ...asked({}, 'huge'), request }, 10 * MAX_HEAVY_WORK_IN_BATCH);
  expect(namesOf(lane.readers(new Set()))).toEqual(['huge']);
});

test('a few of them are in a batch, as the longest of orders would be, and a transaction is alone', () => {
  const lane = new HeavyLane();
  const put = Array.from({ length: 6 }, (_, index) => asked({}, `c${index}`));
  lane.putOff([...put, asked({}, 'exec', 'transaction')], []);
  expect(batchOf(lane)).toEqual(['c0', 'c1', 'c2', 'c3']);
  expect(batchOf(lane)).toEqual(['c4', 'c5']);
  expect(batchOf(lane)).toEqual(['exec']);
});

test('what askers that are gone have in it is dropped; users keep their turns', () => {
  const lane = new HeavyLane();
  const [gone, here] = [{}, {}];
  lane.putOff([asked(gone, 'gone'), asked(here, 'here'), asked(gone, 'gone too')], []);
  lane.add('bob', named('bob'), 1);
  lane.drop(new Set([gone]));
  expect([lane.has(gone), lane.has(here)]).toEqual([false, true]);
  expect(batchOf(lane)).toEqual(['here', 'bob']);
  lane.add('alice', asked(gone, 'alone'), 1);
  lane.drop(new Set([gone]));
  expect(lane.isEmpty).toBe(true);
});

test('it knows what the requests of an asker take: by request and by line, also in a transaction', () => {
  const lane = new HeavyLane();
  const [one, other] = [{}, {}];
  lane.add('alice', asked(one, 'one'), 500);
  const single = lane.bytesOf(one);
  lane.add('alice', asked(other, 'two', 'transaction'), 500);
  expect(lane.bytesOf(other)).toBe(2 * single);
  const lines = Array.from({ length: 500 }, (_, at) => ({ upc: at + 1, qty: 1 }));
  const purchase = {
    ...asked(one, 'three').request,
    kind: 'purchase',
    lines,
  } as unknown as Request;
  lane.add('alice', { ...asked(one, 'three'), request: purchase }, 500);
  expect(lane.bytesOf(one)).toBeGreaterThan(500 * 60);
  expect([...batchOf(lane), ...batchOf(lane)]).toEqual(['one', 'two', 'three']);
  expect([lane.bytesOf(one), lane.bytesOf(other)]).toEqual([0, 0]);
});
