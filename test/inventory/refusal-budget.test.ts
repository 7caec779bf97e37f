import { describe, expect, test } from 'vitest';
import { RefusalBudget } from '../../src/inventory/refusal-budget.ts';
import {
  MAX_KEPT_REFUSALS_AT_ONCE,
  MAX_KEPT_REFUSALS_PER_SECOND,
} from '../../src/inventory/user-limits.ts';

const NOW = 5_000;

/** How many refusals of alice are kept at `at`, one after the other. */
function room(budget: RefusalBudget, at: number): number {
  let taken = 0;
  while (budget.take('alice', at)) taken++;
  return taken;
}

describe('the refusals of a user', () => {
  test('are kept up to a bound, and then as many a second as are allowed', () => {
    const budget = new RefusalBudget();
    expect(room(budget, NOW)).toBe(MAX_KEPT_REFUSALS_AT_ONCE);
    expect(room(budget, NOW + 2_000)).toBe(2 * MAX_KEPT_REFUSALS_PER_SECOND);
    expect(room(budget, NOW + 1e12)).toBe(MAX_KEPT_REFUSALS_AT_ONCE);
  });

  test('take no room from another user', () => {
    const budget = new RefusalBudget();
    room(budget, NOW);
    expect(budget.take('bob', NOW)).toBe(true);
  });
});
