import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Store, StoreMeasures } from '../../src/inventory/store.ts';
import { GroupCommit } from '../../src/server/group-commit.ts';
import type { LogFields } from '../../src/server/log.ts';
import { StoreGauge } from '../../src/server/store-gauge.ts';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['performance'] });
});

afterEach(() => {
  vi.useRealTimers();
});

test('data that cannot be measured is unknown, told in the log once, and measured again later', async () => {
  let why: string | null = 'permission denied';
  const measured = { bytes: 4_096, unitsHeld: 2 };
  const unknown = { bytes: null, unitsHeld: null };
  const measure = async (): Promise<StoreMeasures> => {
    if (why !== null) throw new Error(why);
    return measured;
  };
  const store = { measure } as Partial<Store> as Store;
  const logged: unknown[] = [];
  const log = (event: string, fields?: LogFields) => logged.push({ event, ...fields });
  const fail = (error: Error) => expect.unreachable(error.message);
  const gauge = new StoreGauge(new GroupCommit(store, fail), store, log);
  const look = async (): Promise<StoreMeasures> => {
    vi.advanceTimersByTime(60_000);
    await gauge.measure();
    return gauge.last;
  };
  // As INFO asks: nobody waits for it.
  expect(gauge.last).toEqual(unknown);
  expect(await look()).toEqual(unknown);
  expect(await look()).toEqual(unknown);
  expect(logged).toEqual([{ event: 'data not measured', level: 'warn', why }]);
  why = null;
  expect(await look()).toEqual(measured);
  why = 'the disk failed';
  expect(await look()).toEqual(unknown);
  expect(logged).toHaveLength(2);
});
