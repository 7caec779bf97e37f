import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  encode,
  encodeCommand,
  fromWire,
  OK,
  type Reply,
  Status,
  toWire,
} from '../../src/protocol/encoder.ts';
import { ErrorReply } from '../../src/protocol/error-codes.ts';
import { ReplyDecoder } from '../../src/protocol/reply-decoder.ts';

describe('every kind of reply, in RESP2 and in RESP3', () => {
  test.for<[string, Reply, string, string]>([
    ['a text', 'hi', '$2\r\nhi\r\n', '$2\r\nhi\r\n'],
    ['an empty text', '', '$0\r\n\r\n', '$0\r\n\r\n'],
    ['a text with line ends', 'a\r\nb', '$4\r\na\r\nb\r\n', '$4\r\na\r\nb\r\n'],
    ['a number', 42, ':42\r\n', ':42\r\n'],
    ['zero', 0, ':0\r\n', ':0\r\n'],
    ['the largest number', 2 ** 53 - 1, ':9007199254740991\r\n', ':9007199254740991\r\n'],
    ['true', true, ':1\r\n', '#t\r\n'],
    ['false', false, ':0\r\n', '#f\r\n'],
    ['nothing', null, '$-1\r\n', '_\r\n'],
    ['a status', OK, '+OK\r\n', '+OK\r\n'],
    ['an error', new ErrorReply('NOITEM', 'no such'), '-NOITEM no such\r\n', '-NOITEM no such\r\n'],
    ['an empty array', [], '*0\r\n', '*0\r\n'],
    ['an array', ['a', 1], '*2\r\n$1\r\na\r\n:1\r\n', '*2\r\n$1\r\na\r\n:1\r\n'],
    ['an empty map', {}, '*0\r\n', '%0\r\n'],
    [
      'a map, in the order of its names',
      { upc: 1, a: null },
      '*4\r\n$3\r\nupc\r\n:1\r\n$1\r\na\r\n$-1\r\n',
      '%2\r\n$3\r\nupc\r\n:1\r\n$1\r\na\r\n_\r\n',
    ],
    [
      'maps in an array in a map',
      { lines: [{ ok: true }] },
      '*2\r\n$5\r\nlines\r\n*1\r\n*2\r\n$2\r\nok\r\n:1\r\n',
      '%1\r\n$5\r\nlines\r\n*1\r\n%1\r\n$2\r\nok\r\n#t\r\n',
    ],
  ])('%s', ([, reply, resp2, resp3]) => {
    expect(encode(reply, 2)).toBe(resp2);
    expect(encode(reply, 3)).toBe(resp3);
  });

  test.for(['a\r\nb', 'a\nb', 'a\rb', 'a\r\n\r\nb'])(
    'an error of the lines %j is one line',
    (text) => {
      expect(encode(new ErrorReply('ERR', text), 3)).toBe('-ERR a b\r\n');
    },
  );

  test('whatever is encoded, the client reads back', () => {
    const text = fc.string({ unit: 'binary-ascii' });
    const { value } = fc.letrec<{ value: Reply }>((tie) => ({
      value: fc.oneof(
        { maxDepth: 4 },
        text,
        fc.maxSafeNat(),
        fc.boolean(),
        fc.constant(null),
        fc.array(tie('value'), { maxLength: 4 }),
        fc.dictionary(fc.stringMatching(/^[a-z]+$/), tie('value'), {
          maxKeys: 4,
          noNullPrototype: true,
        }),
      ),
    }));
    fc.assert(
      fc.property(value, (reply) => {
        const decoder = new ReplyDecoder();
        decoder.push(Buffer.from(encode(reply, 3), 'latin1'));
        expect(decoder.next()).toEqual(asRead(reply));
        expect(decoder.next()).toBeUndefined();
      }),
    );
  });
});

test('a command is an array of texts, each with its length in bytes', () => {
  expect(encodeCommand(['PING', toWire('é')])).toBe('*2\r\n$4\r\nPING\r\n$2\r\n\xc3\xa9\r\n');
});

describe('wire strings', () => {
  test.for([
    ['plain', 'plain'],
    ['é', '\xc3\xa9'],
    ['€', '\xe2\x82\xac'],
    ['😀', '\xf0\x9f\x98\x80'],
  ] as const)('%s has a character for each byte of its UTF-8', ([text, wire]) => {
    expect(toWire(text)).toBe(wire);
    expect(fromWire(wire)).toBe(text);
  });

  test('any text comes back', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => fromWire(toWire(text)) === text),
    );
  });

  test('bytes that are no UTF-8 are shown as such', () => {
    expect(fromWire('a\xff')).toBe('a\ufffd');
  });
});

test('a status carries its text', () => {
  expect(encode(new Status('PONG'), 2)).toBe('+PONG\r\n');
});

function asRead(reply: Reply): unknown {
  if (Array.isArray(reply)) return reply.map(asRead);
  if (typeof reply !== 'object' || reply === null) return reply;
  return new Map(Object.entries(reply).map(([name, value]) => [name, asRead(value as Reply)]));
}
