import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { MAX_CLOCK_SKEW_MS, OrderIds } from '../../src/server/order-ids.ts';

const NOW = Date.UTC(2026, 0, 2, 3, 4, 5, 678);

/** A UUIDv7 that tells `time`. */
function uuidAt(time: number): string {
  const hex = time.toString(16).padStart(12, '0');
  return `${hex.slice(0, 8)}-${hex.slice(8)}-7abc-9def-0123456789ab`;
}

test('an id is a UUIDv7 that tells its time', () => {
  const id = new OrderIds().next(NOW);
  expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  expect(Number.parseInt(id.replace('-', '').slice(0, 12), 16)).toBe(NOW);
});

describe('each id is greater than the one before', () => {
  test('within a millisecond, however many', () => {
    const ids = new OrderIds();
    let last = '';
    for (let index = 0; index < 10_000; index++) {
      const id = ids.next(NOW);
      expect(id > last).toBe(true);
      last = id;
    }
  });

  test('also when the clock jumps', () => {
    const jumps = fc.array(
      fc.oneof(fc.integer({ min: -5, max: 5 }), fc.integer({ min: -1e9, max: 1e9 })),
    );
    fc.assert(
      fc.property(jumps, (steps) => {
        const ids = new OrderIds();
        let now = NOW;
        let last = ids.next(now);
        for (const step of steps) {
          now += step;
          const id = ids.next(now);
          expect(id > last).toBe(true);
          last = id;
        }
      }),
    );
  });

  test('and no two servers make the same', () => {
    expect(new OrderIds().next(NOW)).not.toBe(new OrderIds().next(NOW));
  });
});

describe('the position of an order in the list', () => {
  test.for([
    ['the time of the server', uuidAt(NOW)],
    ['a second early', uuidAt(NOW - MAX_CLOCK_SKEW_MS)],
    ['a second late', uuidAt(NOW + MAX_CLOCK_SKEW_MS)],
    ['the time of the server, whatever follows', `${uuidAt(NOW).slice(0, 13)}~no UUID`],
  ] as const)('is its id when that tells %s', ([, id]) => {
    expect(new OrderIds().positionFor(id, NOW)).toBeNull();
  });

  test.for([
    ['tells a time that is too early', uuidAt(NOW - MAX_CLOCK_SKEW_MS - 1)],
    ['tells a time that is too late', uuidAt(NOW + MAX_CLOCK_SKEW_MS + 1)],
    ['is no UUID', 'my-order'],
    ['is a random UUID', '9b2f6c1e-3f0a-4f6b-8a3e-1c2d3e4f5a6b'],
    ['is a UUIDv7 in capitals', uuidAt(NOW).toUpperCase()],
    ['is a UUIDv7 without dashes', uuidAt(NOW).replaceAll('-', '')],
  ] as const)('is an id of the server when the id %s', ([, id]) => {
    const ids = new OrderIds();
    const before = ids.next(NOW);
    const position = ids.positionFor(id, NOW) as string;
    expect(position > before && position < ids.next(NOW)).toBe(true);
  });
});

test('a clock that is set back, also before 1970, does not set the list back', () => {
  const HOUR = 3_600_000;
  const sortKey = (ids: OrderIds, id: string, now: number): string =>
    ids.positionFor(id, now) ?? id;
  for (const back of [2 * MAX_CLOCK_SKEW_MS, HOUR, NOW - 2]) {
    const ids = new OrderIds();
    const keys = [
      sortKey(ids, uuidAt(NOW), NOW),
      sortKey(ids, uuidAt(NOW - back), NOW - back),
      ids.next(NOW - back + 1),
      sortKey(ids, 'my-order', NOW - back + 2),
      sortKey(ids, uuidAt(NOW + 1), NOW + 1),
    ];
    expect(keys.slice(0, 4)).toEqual(keys.slice(0, 4).toSorted());
    // Within the tolerance a client's own id stands where it says.
    expect(keys[4]).toBe(uuidAt(NOW + 1));
  }
});

test('after a restart with a clock that was set back, ids go on behind what was there', () => {
  for (const back of [0, 1, MAX_CLOCK_SKEW_MS + 1, 3_600_000, NOW]) {
    const before = new OrderIds().next(NOW);
    const ids = new OrderIds(NOW);
    const id = ids.next(NOW - back);
    expect(id > before).toBe(true);
    expect((ids.positionFor('my-order', NOW - back) as string) > id).toBe(true);
  }
});

test('an id of the first second of 1970 is one', () => {
  expect(new OrderIds().next(0)).toMatch(/^00000000-0000-7001-|^00000000-0000-7000-/);
});
