import { expect, test } from 'vitest';
import { RecentRefusals } from '../../src/http/recent-refusals.ts';
import { Refusal } from '../../src/inventory/model.ts';

test('the newest first, the same ones together, and those about logins not at all', () => {
  let now = 1;
  const refusals = new RecentRefusals(() => now++);
  refusals.add(new Refusal('NOSTOCK', 'too little'));
  refusals.add(new Refusal('NOSTOCK', 'too little'));
  refusals.add(new Refusal('NOAUTH', 'log in'));
  refusals.add(new Refusal('NOITEM', 'no such item'));
  expect(refusals.list).toEqual([
    { at: 3, code: 'NOITEM', message: 'no such item', times: 1 },
    { at: 2, code: 'NOSTOCK', message: 'too little', times: 2 },
  ]);
  for (let count = 0; count < 100; count++) refusals.add(new Refusal('NOITEM', `item ${count}`));
  expect(refusals.list).toHaveLength(20);
  expect(refusals.list[0]).toMatchObject({ message: 'item 99' });
});
