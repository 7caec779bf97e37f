import { expect, test } from 'vitest';
import { type Order, Refusal } from '../../src/inventory/model.ts';
import { ordersPage } from '../../src/inventory/pages.ts';

const order = (id: string, position: string | null) => ({ id, position }) as Order;
const page = (count: number) =>
  ({ page: 'orders', user: 'alice', count, before: null, now: 9 }) as const;

test('orders stand by position, or else by id, the newest first, and no more than asked for', () => {
  const found = [order('2', null), order('z', '1'), order('4', null), order('a', '3')];
  const ids = (count: number) => {
    const outcome = ordersPage(page(count), found, 0);
    return 'orders' in outcome ? outcome.orders.map(({ id }) => id) : [];
  };
  expect(ids(9)).toEqual(['4', 'a', '2', 'z']);
  expect(ids(2)).toEqual(['4', 'a']);
});

test('a page before an order that does not exist is refused', () => {
  const noOrder = new Refusal('NOORDER', 'you have no order of that id');
  expect(ordersPage(page(1), null, 0)).toEqual(noOrder);
});

test('the first part of a longer page tells how many orders that has', () => {
  const found = [order('2', null), order('4', null), order('3', null)];
  const part = (outOf: number, counted: number) =>
    ordersPage({ ...page(2), outOf }, found, counted);
  expect(part(10, 7)).toMatchObject({ orders: [{ id: '4' }, { id: '3' }], total: 7 });
  expect(part(5, 7)).toMatchObject({ total: 5 });
  // Counted before one more came.
  expect(part(10, 1)).toMatchObject({ total: 2 });
  expect(ordersPage(page(2), found, 0)).toMatchObject({ total: 2 });
});
