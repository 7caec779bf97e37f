import { describe, expect, test } from 'vitest';
import { Batch } from '../../src/inventory/batch.ts';
import type { Order } from '../../src/inventory/model.ts';
import { rows } from './support/rows.ts';

const order = { user: 'alice', id: 'a', lines: [], refusal: null } as unknown as Order;
const login = { tokenHash: 'new', user: 'bob', since: 3, credential: 'their password' };

describe('a batch has something to write', () => {
  test.for<[string, (batch: Batch) => void]>([
    ['an order', (batch) => batch.keep(order)],
    ['units alone', (batch) => batch.available.set(1, 4)],
    ['a login', (batch) => batch.logins.set('new', login)],
    ['the end of a login', (batch) => batch.logins.set('hash', null)],
  ])('when %s changed', ([, change]) => {
    const batch = new Batch(rows);
    expect(batch.isEmpty).toBe(true);
    change(batch);
    expect(batch.isEmpty).toBe(false);
  });
});

test('without the orders of the disk, every order counts as new', () => {
  const batch = new Batch({ ...rows, orders: null });
  batch.keep(order);
  expect(batch.order('alice', 'a')).toBeUndefined();
  expect(batch.orders).toEqual([order]);
});

test('what the batch changed hides what is on disk', () => {
  const batch = new Batch(rows);
  batch.available.set(1, 4);
  batch.logins.set('hash', null);
  batch.keep(order);
  expect(batch.availableOf(1)).toBe(4);
  expect(batch.item(1)).toEqual({ upc: 1, name: 'one', available: 4 });
  expect(batch.item(9)).toBeUndefined();
  expect(batch.login('hash')).toBeUndefined();
  expect(batch.order('alice', 'a')).toBe(order);
});
