import { expect, test } from 'vitest';
import { ErrorReply } from '../../src/protocol/error-codes.ts';
import { guard } from '../../src/verbs/guard.ts';
import { parse } from '../../src/verbs/index.ts';
import { ALICE, commandOf, newCaller } from './support/caller.ts';

const session = { user: 'alice', since: 1, tokenHash: null };

/** Why a server with these bounds does not take the words. */
function refusal(maxSeconds: number, ...words: string[]): string | undefined {
  const caller = newCaller({ session, user: ALICE });
  const service = { ...caller.service, holdBounds: { maxSeconds, maxHolds: 3 } };
  return guard(commandOf(...words), { ...caller, service })?.message;
}

test('HOLD asks for its lines, each UPC once, and for its time', () => {
  const command = commandOf('hold', '7', '1', '8', '2', '7', '1', 'for', '60', 'order', 'timed-1');
  expect(command.verb.request?.(command, newCaller({ session }))).toEqual({
    ...{ kind: 'hold', session, order: 'timed-1', named: true, at: 9, position: null },
    lines: [
      { upc: 7, qty: 2 },
      { upc: 8, qty: 2 },
    ],
    ...{ seconds: 60, maxHolds: 3 },
  });
});

test.for<[string, string]>([
  ['HOLD 1 1 60', 'usage: HOLD upc qty [upc qty ...] FOR seconds [ORDER id]'],
  ['HOLD 1 1 FOR 60 ORDER', 'usage: HOLD upc qty [upc qty ...] FOR seconds [ORDER id]'],
  ['HOLD 1 1 FOR 60 ORDER a b', 'usage: HOLD upc qty [upc qty ...] FOR seconds [ORDER id]'],
  ['HOLD FOR 60 FOR 60', "a UPC is a whole number from 1 to 9007199254740991, got 'FOR'"],
  ['HOLD 1 1 FOR -5', "FOR is a whole number of seconds from 1 to 86400, got '-5'"],
  ['HOLD 1 1 FOR 10m', "FOR is a whole number of seconds from 1 to 86400, got '10m'"],
  ['EXTEND a BY 60', 'usage: EXTEND id FOR seconds'],
  ['EXTEND a FOR 0', "FOR is a whole number of seconds from 1 to 86400, got '0'"],
  ['RETURN a 1', 'usage: RETURN order upc qty [upc qty ...] [ORDER id]'],
  ['RETURN a 1 0', "a quantity is a whole number from 1 to 9007199254740991, got '0'"],
])('%s is refused: %s', ([words, sentence]) => {
  const error = parse(words.split(' '));
  expect(error).toBeInstanceOf(ErrorReply);
  expect((error as ErrorReply).message).toBe(sentence);
});

test('what a server holds is bounded by its operator, also when it is extended; what is held is bought all the same', () => {
  expect(refusal(60, 'HOLD', '1', '1', 'FOR', '60')).toBeUndefined();
  for (const words of [
    ['HOLD', '1', '1', 'FOR', '61'],
    ['EXTEND', 'h', 'FOR', '61'],
  ]) {
    expect(refusal(60, ...words)).toBe('this server holds units for at most 60 seconds, got 61');
    expect(refusal(0, ...words)).toBe(
      'this server holds nothing: its operator has turned holds off',
    );
  }
  for (const verb of ['CONFIRM', 'RELEASE', 'ORDER']) expect(refusal(0, verb, 'h')).toBeUndefined();
});

test('a HOLD under an own id is decided by the store, which may have its outcome: with why nothing new is held so long', () => {
  expect(refusal(60, 'HOLD', '1', '1', 'FOR', '61', 'ORDER', 'h')).toBeUndefined();
  const command = commandOf('HOLD', '1', '1', 'FOR', '901', 'ORDER', 'h');
  expect(command.verb.request?.(command, newCaller({ session }))).toMatchObject({
    tooLong: { code: 'ERR', message: 'this server holds units for at most 900 seconds, got 901' },
  });
});
