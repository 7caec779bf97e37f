import { expect, test } from 'vitest';
import type { Request, RequestResult } from '../../../src/inventory/model.ts';
import { StoreUnavailable } from '../../../src/inventory/store.ts';
import { settleInParts } from '../../../src/stores/sqlite/full-disk.ts';
import { Buyer } from '../orders.ts';

const buyer = new Buyer();
const REQUESTS: readonly Request[] = Array.from({ length: 1_024 }, () => buyer.buy('1x1'));
const DONE: RequestResult = { kind: 'loggedOut' };
const MOST_TRIES = 16;

test('a batch of which only the first request fits is given up after so many tries', () => {
  let failed = 0;
  const outcomes = settleInParts(REQUESTS, (part) => {
    if (part.length === 1 && part[0] === REQUESTS[0]) return [DONE];
    failed++;
    return null;
  });
  expect(failed).toBe(MOST_TRIES);
  expect(outcomes).toHaveLength(REQUESTS.length);
  const full = new StoreUnavailable('the disk is full');
  expect(outcomes).toEqual([DONE, ...REQUESTS.slice(1).map(() => full)]);
});

test('and one of which nothing fits, too', () => {
  let failed = 0;
  const settlePart = () => {
    failed++;
    return null;
  };
  expect(settleInParts(REQUESTS, settlePart)).toBeNull();
  expect(failed).toBe(MOST_TRIES);
});
