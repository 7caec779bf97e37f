import { expect, test } from 'vitest';
import { SalesHistory } from '../../src/http/sales-history.ts';

test('orders a second, however late the timer is, over ten minutes', () => {
  const counters = { purchases: 5 };
  let now = 1_000_000;
  const history = new SalesHistory(
    counters,
    () => now,
    () => now,
  );
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

test('a clock that is set changes no rate; set back, it begins a new line', () => {
  const counters = { purchases: 0 };
  let [wall, steady] = [1_000_000, 0];
  const history = new SalesHistory(
    counters,
    () => wall,
    () => steady,
  );
  const second = (purchases: number, set = 0) => {
    wall += 1_000 + set;
    steady += 1_000;
    counters.purchases += purchases;
    history.tick();
  };
  second(7);
  second(8, 3_600_000);
  expect(history.after(0)).toEqual([
    [1_001_000, 7],
    [4_602_000, 8],
  ]);
  second(9, -3_600_000);
  second(10);
  expect(history.after(0)).toEqual([
    [1_003_000, 9],
    [1_004_000, 10],
  ]);
  history.stop();
});
