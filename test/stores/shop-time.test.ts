import { expect, test } from 'vitest';
import { ShopTime } from '../../src/stores/shop-time.ts';

test('the time of a shop is the clock, and goes on from what was past when the clock stands behind it', () => {
  const clock = { wall: 10_000, steady: 500 };
  const time = new ShopTime({ wall: () => clock.wall, steady: () => clock.steady });
  expect(time.now()).toBe(10_000);
  time.advanceTo(9_000);
  expect(time.now()).toBe(10_000);
  clock.wall = 2_000;
  expect(time.now()).toBe(9_000);
  clock.steady += 700;
  expect(time.now()).toBe(9_700);
  // A mark of earlier is of no meaning.
  time.advanceTo(8_000);
  expect([time.mark, time.now()]).toEqual([9_000, 9_700]);
  clock.wall = 20_000;
  expect(time.now()).toBe(20_000);
});

test('without clocks of its own it is the time of this machine', () => {
  expect(Math.abs(new ShopTime().now() - Date.now())).toBeLessThan(1_000);
});
