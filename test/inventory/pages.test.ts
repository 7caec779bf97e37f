import { expect, test } from 'vitest';
import { type Order, Refusal } from '../../src/inventory/model.ts';
import { ordersPage } from '../../src/inventory/pages.ts';

const order = (id: string, position: string | null) => ({ id, position }) as Order;
const page = (count: number) => ({ page: 'orders', user: 'alice', count, before: null }) as const;

test('orders stand by position, or else by id, the newest first, and no more than asked for', () => {
  const found = [order('2', null), order('z', '1'), order('4', null), order('a', '3')];
  const ids = (count: number) => {
    const outcome = ordersPage(page(count), found);
    return 'orders' in outcome ? outcome.orders.map(({ id }) => id) : [];
  };
  expect(ids(9)).toEqual(['4', 'a', '2', 'z']);
  expect(ids(2)).toEqual(['4', 'a']);
});

test('a page before an order that does not exist is refused', () => {
  const noOrder = new Refusal('NOORDER', 'you have no order of that id');
  expect(ordersPage(page(1), null)).toEqual(noOrder);
});
