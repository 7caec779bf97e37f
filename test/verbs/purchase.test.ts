import { expect, test } from 'vitest';
import { commandOf, newCaller } from './support/caller.ts';

const session = { user: 'alice', since: 1, tokenHash: null };

test.for([
  ['with an id that tells the time', ['ORDER', 'timed-1'], 'timed-1', true, null],
  ['with another id, which gets a place', ['ORDER', 'a'], 'a', true, 'made-1'],
  ['without an id, which gets one', [], 'made-1', false, null],
] as const)('a purchase %s', ([, words, order, named, position]) => {
  const command = commandOf('PURCHASE', '7', '1', '8', '2', '7', '1', ...words);
  const lines = [
    { upc: 7, qty: 2 },
    { upc: 8, qty: 2 },
  ];
  expect(command.verb.request?.(command, newCaller({ session }))).toEqual({
    kind: 'purchase',
    session,
    lines,
    order,
    named,
    at: 9,
    position,
  });
});
