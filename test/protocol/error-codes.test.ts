import { expect, test } from 'vitest';
import { ERRORS, ErrorReply, meaningOf, ProtocolError } from '../../src/protocol/error-codes.ts';

test('the codes of this version: clients branch on them', () => {
  expect(Object.keys(ERRORS)).toEqual([
    'ERR',
    'NOAUTH',
    'WRONGPASS',
    'NOSESSION',
    'NOITEM',
    'NOSTOCK',
    'NOORDER',
    'ORDERREUSED',
    'NOHOLD',
    'LIMIT',
    'NORETURN',
    'NOTBOUGHT',
    'EXECABORT',
    'NOPROTO',
    'TLSONLY',
    'TOOBIG',
    'BUSY',
    'UNAVAILABLE',
  ]);
});

test.for(['WAT', 'PREORDER', 'toString'])('a code of a later server (%s) is final', (code) => {
  expect(meaningOf(code)).toMatchObject({ retry: 'never', settlesOrder: true, exit: 'refused' });
});

test('only what may pass says that a retry helps, and it settles no order', () => {
  const passing = Object.entries(ERRORS).filter(([, { retry }]) => retry === 'later');
  expect(passing.map(([code]) => code)).toEqual(['BUSY', 'UNAVAILABLE']);
  for (const [, { settlesOrder }] of passing) expect(settlesOrder).toBe(false);
});

test('an error reply is a value, and bytes that are no command an exception', () => {
  expect(new ErrorReply('ERR', 'x')).not.toBeInstanceOf(Error);
  expect(new ProtocolError('TOOBIG', 'x')).toMatchObject({ code: 'TOOBIG', message: 'x' });
});
