import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { encode, type Reply, Status } from '../../src/protocol/encoder.ts';
import { ErrorReply, ProtocolError } from '../../src/protocol/error-codes.ts';
import {
  MAX_REPLY_BYTES,
  MAX_REPLY_DEPTH,
  MAX_REPLY_LINE_BYTES,
  MAX_REPLY_VALUES,
  Push,
  ReplyDecoder,
  type ReplyValue,
} from '../../src/protocol/reply-decoder.ts';

/** All replies in `bytes`, which come in chunks of `size`. */
function decode(bytes: string, size = bytes.length): ReplyValue[] {
  const decoder = new ReplyDecoder();
  const values: ReplyValue[] = [];
  for (let start = 0; start < bytes.length; start += size) {
    decoder.push(Buffer.from(bytes.slice(start, start + size), 'latin1'));
    for (let value = decoder.next(); value !== undefined; value = decoder.next()) {
      values.push(value);
    }
  }
  return values;
}

const CASES: [string, string, ReplyValue[]][] = [
  ['status', '+OK\r\n', ['OK']],
  ['empty status', '+\r\n', ['']],
  ['error', '-NOSTOCK too little\r\n', [new ErrorReply('NOSTOCK', 'too little')]],
  ['error without a sentence', '-BUSY\r\n', [new ErrorReply('BUSY', '')]],
  ['error of a later server', '-WAT what\r\n', [ErrorReply.received('WAT what')]],
  ['error without a code', '-what is this\r\n', [new ErrorReply('ERR', 'what is this')]],
  [
    'error whose code every object has',
    '-constructor x\r\n',
    [new ErrorReply('ERR', 'constructor x')],
  ],
  ['integer', ':0\r\n', [0]],
  ['largest integer', ':9007199254740991\r\n', [9007199254740991]],
  ['negative integer', ':-1\r\n', [-1]],
  ['text', '$5\r\nhello\r\n', ['hello']],
  ['empty text', '$0\r\n\r\n', ['']],
  ['text with line ends', '$4\r\n\r\n\r\n\r\n', ['\r\n\r\n']],
  ['text of every kind of byte', '$3\r\n\0\x80\xff\r\n', ['\0\x80\xff']],
  ['null of RESP2', '$-1\r\n', [null]],
  ['null array of RESP2', '*-1\r\n', [null]],
  ['null of RESP3', '_\r\n', [null]],
  ['booleans', '#t\r\n#f\r\n', [true, false]],
  ['array', '*3\r\n:1\r\n$1\r\na\r\n_\r\n', [[1, 'a', null]]],
  ['empty array', '*0\r\n', [[]]],
  ['nested arrays', '*2\r\n*1\r\n*0\r\n:7\r\n', [[[[]], 7]]],
  ['error in an array', '*1\r\n-ERR x\r\n', [[new ErrorReply('ERR', 'x')]]],
  [
    'map',
    '%2\r\n$1\r\na\r\n:1\r\n+b\r\n*1\r\n:2\r\n',
    [
      new Map<string, ReplyValue>([
        ['a', 1],
        ['b', [2]],
      ]),
    ],
  ],
  ['push', '>2\r\n+message\r\n*1\r\n:1\r\n+OK\r\n', [new Push(['message', [1]]), 'OK']],
  ['empty push', '>0\r\n', [new Push([])]],
  ['empty map', '%0\r\n', [new Map()]],
  [
    'map in an array in a map',
    '%1\r\n$1\r\na\r\n*1\r\n%1\r\n$1\r\nb\r\n:1\r\n',
    [new Map([['a', [new Map([['b', 1]])]]])],
  ],
  [
    'a name that every object has',
    '%1\r\n$9\r\n__proto__\r\n:1\r\n',
    [new Map([['__proto__', 1]])],
  ],
  [
    'several replies',
    '+A\r\n:2\r\n*1\r\n:3\r\n-ERR no\r\n',
    ['A', 2, [3], new ErrorReply('ERR', 'no')],
  ],
];

describe.each(CASES)('%s', (_name, bytes, values) => {
  test('whole', () => expect(decode(bytes)).toEqual(values));
  test('byte by byte', () => expect(decode(bytes, 1)).toEqual(values));
  test('never before its last byte', () => {
    expect(decode(bytes.slice(0, -1))).toEqual(values.slice(0, -1));
  });
});

const MALFORMED: [string, string][] = [
  ['an alert of TLS', '\x15\x03\x01\x00\x02\x02\x46'],
  ['unknown kind', 'HTTP/1.1 400 Bad Request\r\n'],
  ['line without CR', '+OK\n'],
  ['empty line', '\r\n'],
  ['integer without digits', ':\r\n'],
  ['fraction', ':1.5\r\n'],
  ['hexadecimal', ':0x10\r\n'],
  ['integer over 2^53-1', ':9007199254740992\r\n'],
  ['integer with a space', ': 1\r\n'],
  ['negative length', '$-2\r\n'],
  ['length that is no number', '$abc\r\n'],
  ['length with a sign', '$+1\r\na\r\n'],
  ['text longer than it says', '$1\r\nab\r\n'],
  ['negative count', '*-2\r\n'],
  ['boolean of another letter', '#x\r\n'],
  ['null with something in it', '_x\r\n'],
  ['map with a number for a name', '%1\r\n:1\r\n:2\r\n'],
  ['map with a null for a name', '%1\r\n_\r\n:2\r\n'],
  ['push inside an array', '*1\r\n>1\r\n:1\r\n'],
  ['push inside a map', '%1\r\n+a\r\n>0\r\n'],
  ['too deep', '*1\r\n'.repeat(MAX_REPLY_DEPTH + 1)],
];

test.each(MALFORMED)('malformed: %s', (_name, bytes) => {
  expect(() => decode(bytes)).toThrow(ProtocolError);
  expect(() => decode(bytes, 1)).toThrow(ProtocolError);
});

test('what came before the malformed bytes is handed out', () => {
  const decoder = new ReplyDecoder();
  decoder.push(Buffer.from('+OK\r\n?'));
  expect(decoder.next()).toBe('OK');
  decoder.push(Buffer.from('\r\n'));
  expect(() => decoder.next()).toThrow('malformed reply');
});

test('the deepest allowed reply', () => {
  const bytes = `${'*1\r\n'.repeat(MAX_REPLY_DEPTH)}:1\r\n`;
  expect(JSON.stringify(decode(bytes)[0])).toBe('[[[[[[[[1]]]]]]]]');
});

test('a line is bounded, even when its end does not come', () => {
  const longest = '-ERR '.padEnd(MAX_REPLY_LINE_BYTES - 1, 'x');
  expect(decode(`${longest}\r\n`)).toHaveLength(1);
  expect(() => decode(`${longest}xx`)).toThrow(ProtocolError);
});

test('a text over the limit is refused before it comes', () => {
  expect(decode(`$${MAX_REPLY_BYTES - 100}\r\n`)).toEqual([]);
  expect(() => decode(`$${MAX_REPLY_BYTES}\r\n`)).toThrow('at most');
});

test('the parts of a reply count together', () => {
  const half = `$${MAX_REPLY_BYTES / 2}\r\n${'x'.repeat(MAX_REPLY_BYTES / 2)}\r\n`;
  expect(decode(half.repeat(3))).toHaveLength(3);
  expect(() => decode(`*3\r\n${half.repeat(3)}`)).toThrow('at most');
});

test.each([
  ['empty maps', '%0\r\n', 4],
  ['empty lists', '*0\r\n', 4],
  ['maps with something in them', '%1\r\n+a\r\n:1\r\n', 6],
  ['numbers', ':1\r\n', 1],
])('the values of a reply are bounded: %s', (_name, bytes, cost) => {
  const most = Math.floor(MAX_REPLY_VALUES / cost);
  const decoder = new ReplyDecoder();
  decoder.push(Buffer.from(`*${most + 1}\r\n${bytes.repeat(most + 1)}`));
  expect(() => decoder.next()).toThrow('too many values');
  // Of the dearest kind only: millions of values take their time.
  if (cost < 6) return;
  const fine = new ReplyDecoder();
  fine.push(Buffer.from(`*${most - 10}\r\n${bytes.repeat(most - 10)}+OK\r\n`));
  expect((fine.next() as readonly ReplyValue[]).length).toBe(most - 10);
  expect(fine.next()).toBe('OK');
});

test('a peer that is not known yet is allowed less', () => {
  const decoder = new ReplyDecoder();
  decoder.maxBytes = 100;
  decoder.push(Buffer.from('$90\r\n'));
  expect(decoder.next()).toBeUndefined();
  decoder.push(Buffer.from(`${'x'.repeat(90)}\r\n$100\r\n`));
  expect(decoder.next()).toHaveLength(90);
  expect(() => decoder.next()).toThrow('at most 100 bytes');
});

test('a huge count reserves nothing', () => {
  expect(decode('*9007199254740991\r\n:1\r\n')).toEqual([]);
});

test('a long text in many chunks is read once', () => {
  const text = 'x'.repeat(2_000_000);
  const started = performance.now();
  expect(decode(`$${text.length}\r\n${text}\r\n`, 100)).toEqual([text]);
  // Joining what is there at each of the 20,000 chunks would copy 20 GB.
  expect(performance.now() - started).toBeLessThan(2_000);
});

test('reads whatever the encoder writes, in any chunks', () => {
  const { reply } = fc.letrec<{ reply: Reply }>((tie) => ({
    reply: fc.oneof(
      { depthSize: 'small', maxDepth: MAX_REPLY_DEPTH - 1 },
      fc.string({ unit: 'binary-ascii' }),
      fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }),
      fc.boolean(),
      fc.constant(null),
      fc.constant(new Status('OK')),
      fc.constant(new ErrorReply('NOITEM', 'no such UPC: 1')),
      fc.array(tie('reply')),
      fc.dictionary(fc.stringMatching(/^[a-z]+$/), tie('reply')),
    ),
  }));
  fc.assert(
    fc.property(fc.array(reply), fc.integer({ min: 1, max: 50 }), (replies, size) => {
      const bytes = replies.map((one) => encode(one, 3)).join('');
      expect(decode(bytes, size)).toEqual(replies.map(toValue));
    }),
  );
});

/** What the decoder makes of an encoded reply: a status is a text, a plain object is a map. */
function toValue(reply: Reply): ReplyValue {
  if (reply instanceof Status) return reply.text;
  if (reply === null || typeof reply !== 'object' || reply instanceof ErrorReply) return reply;
  if (Array.isArray(reply)) return reply.map(toValue);
  return new Map(Object.entries(reply).map(([name, value]) => [name, toValue(value)]));
}
