import { expect, test } from 'vitest';
import { ERRORS, ErrorReply, ProtocolError } from '../../src/protocol/error-codes.ts';

test('the list of codes is closed: clients branch on them', () => {
  expect(Object.keys(ERRORS)).toEqual([
    'ERR',
    'NOAUTH',
    'WRONGPASS',
    'NOSESSION',
    'NOITEM',
    'NOSTOCK',
    'NOORDER',
    'ORDERREUSED',
    'NOPROTO',
    'TOOBIG',
    'BUSY',
    'UNAVAILABLE',
  ]);
});

test('an error reply is a value, and bytes that are no command an exception', () => {
  expect(new ErrorReply('ERR', 'x')).not.toBeInstanceOf(Error);
  expect(new ProtocolError('TOOBIG', 'x')).toMatchObject({ code: 'TOOBIG', message: 'x' });
});
