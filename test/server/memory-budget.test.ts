import { expect, test } from 'vitest';
import { type Keeper, MemoryBudget } from '../../src/server/memory-budget.ts';

class Kept implements Keeper {
  keptBytes = 0;
  isCut = false;
  readonly isLoggedIn: boolean;
  readonly #budget: MemoryBudget;

  constructor(budget: MemoryBudget, isLoggedIn: boolean, bytes: number) {
    this.#budget = budget;
    this.isLoggedIn = isLoggedIn;
    this.keep(bytes);
  }

  keep(bytes: number): void {
    this.keptBytes = bytes;
    this.#budget.update(this, bytes);
  }

  cut(): void {
    this.isCut = true;
    this.keptBytes = 0;
  }
}

test('within the budget nobody is cut', () => {
  const budget = new MemoryBudget(1_000, 400);
  const stranger = new Kept(budget, false, 400);
  const buyer = new Kept(budget, true, 600);
  expect([stranger.isCut, buyer.isCut]).toEqual([false, false]);
  expect(budget.total).toBe(1_000);
});

test('strangers have a part of it; those that keep most of it are cut, and buyers are not', () => {
  const budget = new MemoryBudget(1_000, 400);
  const buyer = new Kept(budget, true, 500);
  const small = new Kept(budget, false, 50);
  const large = new Kept(budget, false, 200);
  const larger = new Kept(budget, false, 151);
  expect([small, large, larger, buyer].map(({ isCut }) => isCut)).toEqual([
    false,
    true,
    false,
    false,
  ]);
  expect(budget.total).toBe(701);
});

test('beyond the whole of it strangers are cut before buyers, and of these the worst', () => {
  const budget = new MemoryBudget(1_000, 400);
  const stranger = new Kept(budget, false, 10);
  const [one, two, three] = [300, 400, 200].map((bytes) => new Kept(budget, true, bytes)) as [
    Kept,
    Kept,
    Kept,
  ];
  one.keep(401);
  expect([stranger, one, two, three].map(({ isCut }) => isCut)).toEqual([true, true, false, false]);
  expect(budget.total).toBe(600);
});

test('what was read meanwhile does not count, though nobody said so', () => {
  const budget = new MemoryBudget(1_000, 400);
  const buyer = new Kept(budget, true, 900);
  buyer.keptBytes = 0;
  const other = new Kept(budget, true, 900);
  expect([buyer.isCut, other.isCut]).toEqual([false, false]);
  expect(budget.total).toBe(900);
});

test('who is gone is forgotten', () => {
  const budget = new MemoryBudget(1_000, 400);
  const gone = new Kept(budget, true, 900);
  budget.forget(gone);
  expect(budget.total).toBe(0);
  const other = new Kept(budget, true, 900);
  expect(other.isCut).toBe(false);
});
