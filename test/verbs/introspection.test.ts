import { describe, expect, test } from 'vitest';
import { ErrorReply } from '../../src/protocol/error-codes.ts';
import { parse, VERBS } from '../../src/verbs/index.ts';
import { answerTo, newCaller } from './support/caller.ts';

const caller = newCaller();

describe('INFO', () => {
  const server = '# Server\r\nis:up\r\n';
  const clients = '# Clients\r\nhere:2\r\nthere:0\r\n';

  test.for([[], ['all'], ['DEFAULT'], ['everything'], ['server', 'clients'], ['nothing', 'ALL']])(
    '%j is all sections, with an empty line between two',
    (sections) => {
      expect(answerTo(caller, 'INFO', ...sections)).toBe(`${server}\r\n${clients}`);
    },
  );

  test('of one section is that one, and of none that there is, nothing', () => {
    expect(answerTo(caller, 'INFO', 'CLIENTS')).toBe(clients);
    expect(answerTo(caller, 'INFO', 'replication')).toBe('');
  });
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
        arguments: [
          { name: 'user', type: 'string' },
          { name: 'password', type: 'string' },
        ],
      },
    });
    expect(Object.keys(answerTo(caller, 'COMMAND', 'DOCS') as object)).toEqual([...VERBS.keys()]);
  });

  test('anything else is told its usage', () => {
    expect(parse(['COMMAND', 'GETKEYS', 'PING'])).toEqual(
      new ErrorReply('ERR', 'usage: COMMAND [COUNT|DOCS|LIST|INFO [verb ...]]'),
    );
  });
});
