import fc from 'fast-check';
import { expect, test } from 'vitest';
import { inlineWords } from '../../src/protocol/inline-words.ts';

// Each of these was compared with a Redis 7.0.15.
test.for<[string, string[] | null]>([
  ['', []],
  ['  PING \t hi  ', ['PING', 'hi']],
  ['ECHO "a b"', ['ECHO', 'a b']],
  ["ECHO 'a b'", ['ECHO', 'a b']],
  ['"ECHO" a', ['ECHO', 'a']],
  ['ECHO ""', ['ECHO', '']],
  ["ECHO '' x", ['ECHO', '', 'x']],
  ['ECHO b"a c"', ['ECHO', 'ba c']],
  ['ECHO "a\\n\\r\\t\\b\\a\\"\\\\\\q"', ['ECHO', 'a\n\r\t\b\x07"\\q']],
  ['ECHO "\\x41\\xfF\\x00"', ['ECHO', 'A\xff\0']],
  ['ECHO "\\xzz\\x4"', ['ECHO', 'xzzx4']],
  ["ECHO 'a\\'b\\n\\x41'", ['ECHO', "a'b\\n\\x41"]],
  ['ECHO "it\'s"', ['ECHO', "it's"]],
  ['ECHO \'say "hi"\'', ['ECHO', 'say "hi"']],
  ['ECHO a\\nb', ['ECHO', 'a\\nb']],
  ['ECHO "a', null],
  ['ECHO a"', null],
  ["ECHO 'a", null],
  ['ECHO "a\\"', null],
  ["ECHO 'a\\'", null],
  ['ECHO "a"b', null],
  ["ECHO 'a''b'", null],
  ['ECHO "a\\', null],
])('%j', ([line, words]) => {
  expect(inlineWords(line)).toEqual(words);
});

test('any words in quotes come out as they went in', () => {
  const word = fc
    .uint8Array({ maxLength: 12 })
    .map((bytes) => Buffer.from(bytes).toString('latin1'));
  const quoted = (text: string) =>
    `"${text.replace(/[^ -~]|["\\]/g, (byte) => `\\x${byte.charCodeAt(0).toString(16).padStart(2, '0')}`)}"`;
  fc.assert(
    fc.property(fc.array(word), (words) => {
      expect(inlineWords(words.map(quoted).join(' '))).toEqual(words);
    }),
  );
});
