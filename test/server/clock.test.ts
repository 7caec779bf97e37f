import { afterEach, expect, test, vi } from 'vitest';
import { wallClock } from '../../src/server/clock.ts';
import { OrderIds } from '../../src/server/order-ids.ts';

afterEach(() => {
  vi.useRealTimers();
});

test('it is the time of the machine', () => {
  vi.useFakeTimers({ now: 1_767_323_045_678, toFake: ['Date'] });
  expect(wallClock()).toBe(1_767_323_045_678);
});

test('before 1970 it stands still at 0, and ids stay ids', () => {
  vi.useFakeTimers({ now: 0, toFake: ['Date'] });
  vi.setSystemTime(-86_400_000);
  expect(wallClock()).toBe(0);
  const ids = new OrderIds();
  expect(ids.next(wallClock())).toMatch(/^0{8}-0{4}-7[0-9a-f]{3}-/);
  expect(ids.positionFor('my-order', wallClock())).toMatch(/^0{8}-0{4}-7[0-9a-f]{3}-/);
});
