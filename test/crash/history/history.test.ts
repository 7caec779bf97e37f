import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Store } from '../../../src/inventory/store.ts';
import { USERS } from '../../../src/inventory/users.ts';
import { InventoryServer } from '../../../src/server/server.ts';
import { openSqliteStore } from '../../../src/stores/sqlite/sqlite-store.ts';
import { Random } from '../support/random.ts';
import { BROKEN } from './broken.ts';
import { CLIENTS, goodsOf, itemsOf, runHistories } from './histories.ts';
import { check, type Operation } from './linearizable.ts';
import type { Ask } from './model.ts';
import { record } from './record.ts';

test('twenty histories of concurrent clients can be explained', async () => {
  const report = await runHistories(20, 1);
  expect(report.violations).toEqual([]);
  expect(report.histories).toBe(20);
  expect(report.operations).toBeGreaterThan(1_000);
}, 60_000);

describe('a server is caught that', () => {
  test.for(Object.keys(BROKEN))('%s', async (name) => {
    expect(await faultsOf(BROKEN[name] as (store: Store) => Store)).toBeGreaterThan(0);
  });
});

test('the same server with nothing broken is not', async () => {
  expect(await faultsOf((store) => store)).toBe(0);
});

/** Whether one of some histories cannot be explained when the store is changed like this: 1 or 0. */
async function faultsOf(change: (store: Store) => Store): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'inv-broken-'));
  const histories = [0, 1, 2, 3, 4];
  const store = change(openSqliteStore(join(folder, 'inventory.db'), histories.flatMap(itemsOf)));
  const failed = (error: Error) => {
    throw error;
  };
  const server = new InventoryServer({
    store,
    version: '0',
    users: USERS,
    log: () => undefined,
    onFailure: failed,
  });
  const port = await server.listen(0, '127.0.0.1');
  let faults = 0;
  // One is enough.
  for (let index = 0; index < histories.length && faults === 0; index++) {
    const goods = goodsOf(index);
    const random = new Random(index);
    const options = { random, units: goods.units, clients: CLIENTS, operations: 20, cuts: false };
    const history = await record({ ...options, port: () => Promise.resolve(port) });
    if (history.faults.length > 0 || !check(history.threads, goods).isLinearizable) faults++;
  }
  await server.stop();
  rmSync(folder, { recursive: true });
  return faults;
}

describe('histories made by hand:', () => {
  const units = new Map([[1, 2]]);
  const who = { user: 'bob', token: 't' };
  const login: Operation = {
    ask: { verb: 'login', user: 'bob' },
    answer: 't',
    called: 0,
    returned: 1,
  };
  const did = (ask: Ask, answer: string | null, called: number, returned: number): Operation => ({
    ask,
    answer,
    called,
    returned,
  });
  const buy = (order: string, qty: number): Ask => ({
    verb: 'purchase',
    ...who,
    lines: [[1, qty]],
    order,
  });
  const look: Ask = { verb: 'inventory', ...who, upcs: [1] };
  const holds = (...threads: Operation[][]) =>
    check([[login], ...threads], { units }).isLinearizable;

  test('overlapping operations may take effect in either order', () => {
    expect(holds([did(buy('a', 2), 'bought 1:0', 2, 5)], [did(look, '1:2', 3, 4)])).toBe(true);
    expect(holds([did(buy('a', 2), 'bought 1:0', 2, 5)], [did(look, '1:0', 3, 4)])).toBe(true);
  });

  test('what was answered before must be seen after', () => {
    expect(holds([did(buy('a', 2), 'bought 1:0', 2, 3)], [did(look, '1:2', 4, 5)])).toBe(false);
    expect(holds([did(buy('a', 2), 'bought 1:0', 4, 5)], [did(look, '1:0', 2, 3)])).toBe(false);
  });

  test('an order whose answer was lost happened later, or not at all, but not twice', () => {
    const lost = [did(buy('a', 2), null, 2, Number.POSITIVE_INFINITY)];
    expect(holds(lost, [did(look, '1:2', 3, 4), did(look, '1:0', 5, 6)])).toBe(true);
    expect(holds(lost, [did(look, '1:2', 3, 4), did(look, '1:2', 5, 6)])).toBe(true);
    expect(holds(lost, [did(look, '1:0', 3, 4), did(look, '1:2', 5, 6)])).toBe(false);
    expect(holds(lost, [did(buy('a', 2), 'again bought 1:0', 3, 4)])).toBe(true);
    expect(
      holds([did(buy('a', 1), 'bought 1:1', 2, 3), did(buy('a', 1), 'bought 1:0', 4, 5)]),
    ).toBe(false);
  });

  describe('a hold of two units, from the first second until the third begins,', () => {
    const hold: Ask = { verb: 'hold', ...who, lines: [[1, 2]], order: 'a', seconds: 1 };
    const held = [did(hold, 'held 1:0 until 2 held', 100, 200)];
    const ofHold = (verb: 'confirm' | 'release'): Ask => ({ verb, ...who, order: 'a' });

    test.each<[string, Operation, boolean]>([
      ['keeps its units from others', did(look, '1:0', 1_800, 1_900), true],
      ['does not let them be seen', did(look, '1:2', 1_800, 1_900), false],
      ['lets go of them by itself', did(look, '1:2', 2_100, 2_200), true],
      ['does not keep them longer', did(look, '1:0', 2_100, 2_200), false],
      [
        'lasts another second in no case',
        did(hold, 'again held 1:0 until 3 held', 300, 400),
        false,
      ],
      ['may be bought before', did(ofHold('confirm'), 'bought 1:0', 1_800, 1_900), true],
      ['is not bought after', did(ofHold('confirm'), 'bought 1:0', 2_100, 2_200), false],
      ['is over after', did(ofHold('confirm'), 'NOHOLD expired', 2_100, 2_200), true],
      ['is not over before', did(ofHold('confirm'), 'NOHOLD expired', 1_800, 1_900), false],
      ['may be bought about then', did(ofHold('confirm'), 'bought 1:0', 1_900, 2_100), true],
      ['may be over about then', did(ofHold('confirm'), 'NOHOLD expired', 1_900, 2_100), true],
    ])('%s', (_name, operation, isRight) => {
      expect(holds([...held, operation])).toBe(isRight);
    });

    test('is ended once', () => {
      const released = did(ofHold('release'), 'ok', 300, 400);
      const bought = did(ofHold('confirm'), 'bought 1:0', 500, 600);
      expect(holds([...held, released, did(look, '1:2', 500, 600)])).toBe(true);
      expect(holds([...held, released, bought])).toBe(false);
      expect(holds([...held, bought, did(ofHold('release'), 'ok', 700, 800)])).toBe(false);
      expect(holds([...held, bought, did(ofHold('release'), 'NOHOLD bought', 700, 800)])).toBe(
        true,
      );
    });
  });

  test('units come back once, and nobody has more than the limit', () => {
    const back = (order: string, answer: string, called: number): Operation =>
      did({ verb: 'return', ...who, of: 'a', lines: [[1, 1]], order }, answer, called, called + 1);
    const bought = did(buy('a', 1), 'bought 1:1', 2, 3);
    expect(holds([bought, back('r', 'returned 1:2', 4)])).toBe(true);
    expect(holds([bought, back('r', 'returned 1:2', 4), back('s', 'returned 1:3', 6)])).toBe(false);
    const none = back('s', 'NOTBOUGHT 1:1-1<1', 6);
    expect(holds([bought, back('r', 'returned 1:2', 4), none])).toBe(true);
    const limited = (...thread: Operation[]) =>
      check([[login], thread], { units, limits: new Map([[1, 1]]) }).isLinearizable;
    expect(limited(did(buy('a', 2), 'bought 1:0', 2, 3))).toBe(false);
    expect(limited(did(buy('a', 2), 'LIMIT 1:2>1-0', 2, 3))).toBe(true);
    expect(limited(bought, did(buy('b', 1), 'LIMIT 1:1>1-1', 4, 5))).toBe(true);
  });

  test('both buyers of the last units cannot have them', () => {
    const last = (answer: string) => [did(buy('b', 2), answer, 2, 5)];
    expect(holds([did(buy('a', 2), 'bought 1:0', 2, 5)], last('bought 1:0'))).toBe(false);
    expect(holds([did(buy('a', 2), 'bought 1:0', 2, 5)], last('NOSTOCK 1:2>0'))).toBe(true);
  });
});
