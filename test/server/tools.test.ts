import { describe, expect, test } from 'vitest';
import { ErrorReply } from '../../src/protocol/error-codes.ts';
import { VERBS } from '../../src/protocol/verbs.ts';
import { clientReply, commandReply } from '../../src/server/tools.ts';

describe('COMMAND', () => {
  test('COUNT and LIST name every verb', () => {
    expect(commandReply(['count'])).toBe(VERBS.size);
    expect(commandReply(['LIST'])).toEqual([...VERBS.keys()]);
  });

  test('tells name, arity and no keys of every verb, as Redis does', () => {
    const all = commandReply([]) as unknown[][];
    expect(all).toHaveLength(VERBS.size);
    expect(all).toContainEqual(['login', 3, [], 0, 0, 0]);
    expect(all).toContainEqual(['purchase', -3, [], 0, 0, 0]);
    expect(commandReply(['INFO'])).toEqual(all);
  });

  test('INFO of some verbs has nothing for those that do not exist', () => {
    expect(commandReply(['info', 'PING', 'get'])).toEqual([['ping', -1, [], 0, 0, 0], null]);
  });

  test('DOCS shows what each verb is for', () => {
    expect(commandReply(['DOCS', 'login', 'get'])).toEqual({
      LOGIN: {
        summary: 'make a login that outlives this connection, named by a token',
        group: 'inv',
        syntax: 'LOGIN user password',
      },
    });
    expect(Object.keys(commandReply(['DOCS']) as object)).toEqual([...VERBS.keys()]);
  });

  test('anything else is told its usage', () => {
    expect(commandReply(['GETKEYS', 'PING'])).toEqual(
      new ErrorReply('ERR', 'usage: COMMAND [COUNT|DOCS|LIST|INFO [verb ...]]'),
    );
  });
});

describe('CLIENT', () => {
  test('tells the id, and the name that was given', () => {
    const connection = { id: 7, name: null };
    expect(clientReply(['ID'], connection)).toBe(7);
    expect(clientReply(['GETNAME'], connection)).toBeNull();
    expect(clientReply(['SETNAME', 'till-4'], connection)).toMatchObject({ text: 'OK' });
    expect(clientReply(['getname'], connection)).toBe('till-4');
  });

  test('takes what a library says of itself', () => {
    expect(clientReply(['SETINFO', 'LIB-NAME', 'x'], { id: 1, name: null })).toMatchObject({
      text: 'OK',
    });
  });

  test.for([['KILL'], ['LIST'], ['ID', 'x'], ['SETNAME'], ['SETINFO', 'LIB-NAME'], ['']])(
    '%j is told the usage',
    (words) => {
      expect(clientReply(words, { id: 1, name: null })).toEqual(
        new ErrorReply('ERR', 'usage: CLIENT ID|GETNAME|SETNAME name|SETINFO name value'),
      );
    },
  );
});
