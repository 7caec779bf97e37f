import { expect, test } from 'vitest';
import { SalesHistory } from '../../src/http/sales-history.ts';

test('orders a second, however late the timer is, over ten minutes', () => {
  const counters = { purchases: 5 };
  let now = 1_000_000;
  const history = new SalesHistory(counters, () => now);
  now += 1_000;
  counters.purchases += 7;
  history.tick();
  now += 2_000;
  counters.purchases += 3;
  history.tick();
  expect(history.after(0)).toEqual([
    [1_001_000, 7],
    [1_003_000, 1.5],
  ]);
  expect(history.after(1_001_000)).toEqual([[1_003_000, 1.5]]);
  expect(history.after(1_003_000)).toEqual([]);
  for (let second = 0; second < 700; second++) {
    now += 1_000;
    history.tick();
  }
  expect(history.after(0)).toHaveLength(600);
  history.stop();
});

test('a clock that was set back begins a new line', () => {
  let now = 1_000_000;
  const history = new SalesHistory({ purchases: 0 }, () => now);
  now += 1_000;
  history.tick();
  now -= 500_000;
  history.tick();
  expect(history.after(0)).toEqual([]);
  now += 1_000;
  history.tick();
  expect(history.after(0)).toEqual([[502_000, 0]]);
  history.stop();
});
