import { describe, expect, test } from 'vitest';
import { OK, Status } from '../../src/protocol/encoder.ts';
import { ErrorReply } from '../../src/protocol/error-codes.ts';
import { parse, VERBS } from '../../src/verbs/index.ts';
import { answerTo, newCaller } from './support/caller.ts';

test('PING answers PONG, or the text', () => {
  expect(answerTo(newCaller(), 'PING')).toEqual(new Status('PONG'));
  expect(answerTo(newCaller(), 'PING', 'hi')).toBe('hi');
});

test('ECHO answers the same bytes', () => {
  expect(answerTo(newCaller(), 'ECHO', 'a\0\xff')).toBe('a\0\xff');
});

test('RESET makes the connection what it was when it began', () => {
  const session = { user: 'alice', since: 1, tokenHash: 'hash' };
  const transaction = { commands: [], bytes: 0, keptBytes: 0, work: 0, isAborted: false };
  const caller = newCaller({ session, transaction, name: 'till-1', version: 3 });
  expect(answerTo(caller, 'RESET')).toEqual(new Status('RESET'));
  expect(caller).toMatchObject({ session: null, transaction: null, name: null, version: 2 });
  expect(caller.closed).toBe(false);
});

test('QUIT says OK and closes', () => {
  const caller = newCaller();
  expect(answerTo(caller, 'QUIT')).toBe(OK);
  expect(caller.closed).toBe(true);
});

describe('CLIENT', () => {
  test('tells the id, and the name that was given', () => {
    const caller = newCaller();
    expect(answerTo(caller, 'CLIENT', 'ID')).toBe(7);
    expect(answerTo(caller, 'CLIENT', 'GETNAME')).toBeNull();
    expect(answerTo(caller, 'CLIENT', 'SETNAME', 'till-4')).toMatchObject({ text: 'OK' });
    expect(answerTo(caller, 'CLIENT', 'getname')).toBe('till-4');
  });

  test('takes what a library says of itself', () => {
    expect(answerTo(newCaller(), 'CLIENT', 'SETINFO', 'LIB-NAME', 'x')).toMatchObject({
      text: 'OK',
    });
  });

  test('takes the switches of things that it does not do, as they are', () => {
    for (const words of ['NO-EVICT on', 'NO-EVICT OFF', 'no-touch ON', 'NO-TOUCH off']) {
      expect(answerTo(newCaller(), 'CLIENT', ...words.split(' '))).toBe(OK);
    }
  });

  test('does not promise to tell of changes', () => {
    expect(answerTo(newCaller(), 'CLIENT', 'TRACKING', 'off')).toBe(OK);
    for (const words of [['on'], ['ON', 'BCAST', 'NOLOOP']]) {
      expect(answerTo(newCaller(), 'CLIENT', 'TRACKING', ...words)).toMatchObject({
        code: 'ERR',
        message: expect.stringContaining('does not tell of changes'),
      });
    }
  });

  test.for([
    ['KILL'],
    ['LIST'],
    ['ID', 'x'],
    ['SETNAME'],
    ['SETINFO', 'LIB-NAME'],
    [''],
    ['NO-EVICT'],
    ['NO-TOUCH', 'yes'],
    ['NO-TOUCH', 'on', 'off'],
    ['TRACKING'],
    ['TRACKING', 'maybe'],
  ])('%j is told the usage', (words) => {
    expect(parse(['CLIENT', ...words])).toEqual(
      new ErrorReply('ERR', `usage: CLIENT ${VERBS.get('CLIENT')?.syntax}`),
    );
  });
});
