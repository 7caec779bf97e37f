import { describe, expect, test } from 'vitest';
import { ErrorReply } from '../../src/protocol/error-codes.ts';
import { VERBS } from '../../src/verbs/index.ts';
import { answerTo, newCaller } from './support/caller.ts';

const caller = newCaller();

test('INFO is the text of the server, whatever the section', () => {
  expect(answerTo(caller, 'INFO')).toBe('figures');
  expect(answerTo(caller, 'info', 'server', 'clients')).toBe('figures');
});

describe('COMMAND', () => {
  test('COUNT and LIST name every verb', () => {
    expect(answerTo(caller, 'COMMAND', 'count')).toBe(VERBS.size);
    expect(answerTo(caller, 'COMMAND', 'LIST')).toEqual([...VERBS.keys()]);
  });

  test('tells name, arity and no keys of every verb, as Redis does', () => {
    const all = answerTo(caller, 'COMMAND') as unknown[][];
    expect(all).toHaveLength(VERBS.size);
    expect(all).toContainEqual(['login', 3, [], 0, 0, 0]);
    expect(all).toContainEqual(['purchase', -3, [], 0, 0, 0]);
    expect(answerTo(caller, 'COMMAND', 'INFO')).toEqual(all);
  });

  test('INFO of some verbs has nothing for those that do not exist', () => {
    expect(answerTo(caller, 'COMMAND', 'info', 'PING', 'get')).toEqual([
      ['ping', -1, [], 0, 0, 0],
      null,
    ]);
  });

  test('DOCS shows what each verb is for', () => {
    expect(answerTo(caller, 'COMMAND', 'DOCS', 'login', 'get')).toEqual({
      LOGIN: {
        summary: 'make a login that outlives this connection, named by a token',
        group: 'inv',
        syntax: 'LOGIN user password',
      },
    });
    expect(Object.keys(answerTo(caller, 'COMMAND', 'DOCS') as object)).toEqual([...VERBS.keys()]);
  });

  test('anything else is told its usage', () => {
    expect(answerTo(caller, 'COMMAND', 'GETKEYS', 'PING')).toEqual(
      new ErrorReply('ERR', 'usage: COMMAND [COUNT|DOCS|LIST|INFO [verb ...]]'),
    );
  });
});
