import { expect, test } from 'vitest';
import type { Order } from '../../../src/inventory/model.ts';
import { byUserAndTime } from '../../../src/stores/sqlite/orders-by-time.ts';

function order(user: string, id: string): Order {
  return { user, id, at: 1, lines: [], refusal: null, position: null };
}

const ids = (lists: readonly (readonly Order[])[]) =>
  lists.map((orders) => orders.map(({ user, id }) => `${user} ${id}`));

test('orders are sorted by user, and those of a user by the time in their ids', () => {
  const [first, second, third, fourth] = [
    '01939f3c-7b2a-7000-8000-000000000000',
    '01939f3c-7b2a-7fff-8000-000000000000',
    '01939f3c-7b2b-7000-8000-000000000000',
    '01939f3c-7b2b-7a0b-8000-000000000000',
  ] as const;
  const all = [third, first, fourth, second];
  const [bobs, ours] = [all.map((id) => order('bob', id)), all.map((id) => order('alice', id))];
  const sorted = [first, second, third, fourth];
  expect(ids(byUserAndTime(ours))).toEqual([sorted.map((id) => `alice ${id}`)]);
  expect(ids(byUserAndTime([...bobs, ...ours]))).toEqual([
    sorted.map((id) => `alice ${id}`),
    sorted.map((id) => `bob ${id}`),
  ]);
});

test('no order is lost or doubled, whatever its id is and however many there are', () => {
  const odd = ['', 'x', '01939f3c-7b2', '01939F3C-7B2A-7FFF', '~~~~~~~~~~~~~~~~~~~~~~~~'];
  const many = Array.from({ length: 10_000 }, (_, n) => `01939f3c-7b2a-7${n % 4_096}-${n}`);
  for (const all of [[], ['one'], [...odd, ...odd.map((id) => `${id}!`)], many]) {
    const sorted = byUserAndTime(all.map((id) => order('alice', id))).flat();
    expect(sorted.map(({ id }) => id).sort()).toEqual([...all].sort());
  }
});
