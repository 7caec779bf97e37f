import { describe, expect, test } from 'vitest';
import { OK } from '../../src/protocol/encoder.ts';
import { guard } from '../../src/verbs/guard.ts';
import { VERBS } from '../../src/verbs/index.ts';
import { defineVerb } from '../../src/verbs/verb.ts';
import { ALICE, newCaller } from './support/caller.ts';

const session = { user: 'alice', since: 1, tokenHash: null };
const all = [...VERBS.values()];

test('a RESP2 connection that is subscribed asks for little else', () => {
  const subscribed = (version: 2 | 3) => {
    const caller = newCaller({ session, user: ALICE, version });
    caller.subscriber.add('stock', null);
    return all
      .filter((verb) => guard({ verb: { ...verb, bounds: null } }, caller) === null)
      .map(({ name }) => name);
  };
  expect(subscribed(2)).toEqual(['SUBSCRIBE', 'UNSUBSCRIBE', 'PING', 'RESET', 'QUIT']);
  expect(subscribed(3)).toHaveLength(all.length);
});

describe('the guard', () => {
  const forAnyone = [
    'HELLO',
    'AUTH',
    'LOGIN',
    'RESUME',
    'PING',
    'ECHO',
    'RESET',
    'QUIT',
    'INFO',
    'COMMAND',
    'CLIENT',
    'SELECT',
    'READONLY',
    'READWRITE',
    'TIME',
  ];

  test.for(all)('of $name', (verb) => {
    const isForAnyone = forAnyone.includes(verb.name);
    const command = { verb: { ...verb, bounds: null } };
    const denied = guard(command, newCaller());
    if (isForAnyone) expect(denied).toBeNull();
    else expect(denied).toMatchObject({ code: 'NOAUTH', message: 'log in first' });
    expect(guard(command, newCaller({ session, user: ALICE }))).toBeNull();
    const ended = guard(command, newCaller({ session, user: { ...ALICE, isInForce: false } }));
    if (isForAnyone) expect(ended).toBeNull();
    else
      expect(ended).toMatchObject({
        code: 'NOAUTH',
        message: expect.stringMatching(/was removed or has/),
      });
  });
});

test('all verbs have the same fields in the same order: one hidden class', () => {
  const fields = new Set(all.map((verb) => Object.keys(verb).join()));
  expect([...fields]).toEqual([
    'name,syntax,summary,words,access,inSubscribeMode,parse,exclusive,credentials,bounds,inTransaction,request,encode,rest,work,answer,take',
  ]);
});

test('a verb is answered by the store, or without it, or when it is taken', () => {
  const facts = { name: 'X', syntax: '', summary: '', words: [0, 0], access: 'anyone' } as const;
  const parse = () => ({ verb: all[0] as never });
  const request = () => ({ kind: 'whoami', session }) as const;
  const [encode, answer] = [() => '', () => OK];
  expect(() => defineVerb({ ...facts, parse })).toThrow('X');
  expect(() => defineVerb({ ...facts, parse, request })).toThrow('X');
  expect(() => defineVerb({ ...facts, parse, request, encode, answer })).toThrow('X');
  const take = () => ({ reply: OK });
  expect(() => defineVerb({ ...facts, parse, answer, take })).toThrow('X');
  const asking = defineVerb({ ...facts, parse, request, encode });
  expect(asking.request).not.toBeNull();
  expect(() => asking.answer({ verb: asking }, {} as never)).toThrow();
  const telling = defineVerb({ ...facts, parse, answer });
  expect(telling.request).toBeNull();
  expect(() => telling.encode(null as never, {} as never, { verb: telling })).toThrow();
});

test('who decides who the client is, and whose reply can be long, makes later requests wait', () => {
  const words: Record<string, string[][]> = {
    PURCHASE: [['1', '1']],
    HOLD: [['1', '1', 'FOR', '9']],
    CONFIRM: [['h']],
    RELEASE: [['h']],
    EXTEND: [['h', 'FOR', '9']],
    RETURN: [['a', '1', '1']],
    INVENTORY: [['1'], Array.from({ length: 1_000 }, (_, index) => `${index + 1}`)],
    PING: [[]],
    WHOAMI: [[]],
    // What becomes of the requests behind them is known when they are taken.
    MULTI: [[]],
    EXEC: [[]],
    DISCARD: [[]],
    WATCH: [['key']],
    UNWATCH: [[]],
    ACL: [['WHOAMI']],
    SELECT: [['0']],
    READONLY: [[]],
    READWRITE: [[]],
    TIME: [[]],
  };
  const waits: Record<string, string[][]> = {
    INVENTORY: [[], Array.from({ length: 1_001 }, (_, index) => `${index + 1}`)],
    PING: [['text']],
  };
  const others = all.filter(({ name }) => !(name in words));
  for (const { name, words: bounds } of others)
    waits[name] = [name === 'CLIENT' ? ['ID'] : Array(bounds[0]).fill('1')];
  for (const [lists, expected] of [
    [words, false],
    [waits, true],
  ] as const) {
    for (const [name, list] of Object.entries(lists)) {
      for (const rest of list) {
        const verb = VERBS.get(name);
        const command = verb?.parse([name, ...rest]);
        expect([name, rest.length, verb?.exclusive(command as never)]).toEqual([
          name,
          rest.length,
          expected,
        ]);
      }
    }
  }
});
