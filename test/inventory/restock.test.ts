import { expect, test } from 'vitest';
import {
  decideRestock,
  type ItemLevel,
  type RestockRequest,
  signed,
} from '../../src/inventory/restock.ts';

const MAX = Number.MAX_SAFE_INTEGER;
const request: RestockRequest = { id: 'r', upc: 1, units: 5, reason: 'why', at: 9, by: 'olga' };
const item: ItemLevel = {
  ...{ upc: 1, name: 'one', units: 10, firstUnits: 10, available: 4, held: 0, returned: 0 },
};

test('changes what was supplied and what is available together', () => {
  expect(decideRestock(request, undefined, item)).toEqual({
    ...{ kind: 'write', units: 15, restock: { ...request, available: 9 } },
  });
  expect(decideRestock({ ...request, units: -4 }, undefined, item)).toMatchObject({
    ...{ units: 6, restock: { available: 0 } },
  });
});

test('an id keeps its outcome, whatever the item is now', () => {
  const first = { ...request, available: 7 };
  for (const now of [item, undefined, { ...item, fault: 'broken' }]) {
    expect(decideRestock({ ...request, at: 99, by: 'oleg' }, first, now)).toEqual({
      ...{ kind: 'restocked', restock: first, replayed: true },
    });
  }
  expect(decideRestock({ ...request, units: 6 }, first, item)).toMatchObject({
    code: 'ORDERREUSED',
    message: 'restock r was another one: +5 units of UPC 1, "why", at 1970-01-01T00:00:00.009Z',
  });
});

test.each([
  ['an item that is not there', {}, undefined, 'NOITEM'],
  [
    'an item whose row cannot be used',
    {},
    { ...item, fault: 'its "available" is -1' },
    'UNAVAILABLE',
  ],
  ['more than is available', { units: -5 }, item, 'NOSTOCK'],
  ['more than was supplied', { units: -11 }, { ...item, available: 20 }, 'NOSTOCK'],
  ['more than 2^53-1 available', { units: MAX }, item, 'TOOMANY'],
  ['more than 2^53-1 supplied', { units: MAX - 4 }, { ...item, available: 0 }, 'TOOMANY'],
])('refuses %s', (_, change, level, code) => {
  const decision = decideRestock({ ...request, ...change }, undefined, level);
  expect(decision).toMatchObject({ kind: 'refused', code });
});

test('what shows the items that are there is named with one that is not', () => {
  expect(decideRestock(request, undefined, undefined)).toMatchObject({
    message: 'no such UPC: 1; see inv serve stock',
  });
});

test('an item is named as the catalogue writes it', () => {
  const coded = { ...item, code: '0001' };
  const [same, other] = [
    { ...request, available: 7 },
    { ...request, available: 7, upc: 2 },
  ];
  const refusals = [
    decideRestock({ ...request, units: -5 }, undefined, coded),
    decideRestock({ ...request, units: MAX }, undefined, coded),
    decideRestock(request, undefined, { ...coded, fault: 'broken' }),
    decideRestock({ ...request, units: 6 }, same, coded),
  ];
  for (const refusal of refusals) {
    expect(refusal).toMatchObject({ message: expect.stringContaining('UPC 0001') });
  }
  expect(decideRestock(request, other, coded)).toMatchObject({
    message: expect.stringContaining('units of UPC 2,'),
  });
  expect(decideRestock(request, other, coded, { ...item, upc: 2, code: '002' })).toMatchObject({
    message: expect.stringContaining('units of UPC 002,'),
  });
});

test('up to 2^53-1 is counted exactly', () => {
  const full = { ...item, units: 0, available: 0 };
  expect(decideRestock({ ...request, units: MAX }, undefined, full)).toMatchObject({ units: MAX });
});

test('a change has its sign', () => {
  expect([signed(5), signed(-3)]).toEqual(['+5', '-3']);
});
