import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { encodeCommand } from '../../src/protocol/encoder.ts';
import { MAX_ARGUMENTS, MAX_COMMAND_BYTES } from '../../src/protocol/limits.ts';
import { RequestDecoder } from '../../src/protocol/request-decoder.ts';
import { decode, expectDecoded } from './decoding.ts';

describe('commands come out as they were sent, whole, byte by byte and cut anywhere', () => {
  test.for([
    ['an array', '*2\r\n$4\r\nPING\r\n$2\r\nhi\r\n', [['PING', 'hi']]],
    ['an array of one word', '*1\r\n$6\r\nWHOAMI\r\n', [['WHOAMI']]],
    ['an empty word', '*2\r\n$4\r\nPING\r\n$0\r\n\r\n', [['PING', '']]],
    ['line ends in a word', '*2\r\n$4\r\nPING\r\n$4\r\n\r\n*1\r\n', [['PING', '\r\n*1']]],
    ['any bytes in a word', '*1\r\n$5\r\n\0\x07\x7f\xff\xc3\r\n', [['\0\x07\x7f\xff\xc3']]],
    ['leading zeros in lengths', '*01\r\n$0004\r\nPING\r\n', [['PING']]],
    ['an inline command', 'PURCHASE 1001 2\r\n', [['PURCHASE', '1001', '2']]],
    ['a bare line feed', 'PING\n', [['PING']]],
    ['many blanks', '  PING \t\t hi  \r\n', [['PING', 'hi']]],
    ['bytes above 127 inline', 'PING \xc3\xa9\r\n', [['PING', '\xc3\xa9']]],
    ['RESP bytes inside a line', 'PING *1 $4\r\n', [['PING', '*1', '$4']]],
    ['empty lines', '\r\n\n  \r\nPING\r\n\r\n', [['PING']]],
    ['an array of no words', '*0\r\n*1\r\n$4\r\nPING\r\n*0\r\n', [['PING']]],
    ['inline and array in turn', 'A\r\n*1\r\n$1\r\nB\r\nC\r\n', [['A'], ['B'], ['C']]],
  ] as const)('%s', ([, bytes, commands]) => {
    expectDecoded(bytes, { commands: commands.map((words) => [...words]) });
  });

  test('any commands, one after the other, in any chunks', () => {
    const word = fc.oneof(
      fc.string({ unit: 'binary-ascii', maxLength: 30 }),
      fc.uint8Array({ maxLength: 30 }).map((bytes) => Buffer.from(bytes).toString('latin1')),
      fc.constantFrom('', '\r\n', '*', '$', '*1\r\n$4\r\nQUIT\r\n'),
    );
    const words = fc.array(word, { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(
        fc.array(words, { minLength: 1, maxLength: 5 }),
        fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 20 }),
        (commands, sizes) => {
          const bytes = Buffer.from(commands.map(encodeCommand).join(''), 'latin1');
          const chunks: Buffer[] = [];
          for (let at = 0, index = 0; at < bytes.length; index++) {
            const size = sizes[index % sizes.length] as number;
            chunks.push(bytes.subarray(at, at + size));
            at += size;
          }
          expect(decode(chunks)).toEqual({ commands });
        },
      ),
    );
  });
});

describe('a command that is cut off is never handed out', () => {
  test.for([
    'PURCHASE 1001 12',
    'PURCHASE 1001 1\r',
    '*3\r\n$8\r\nPURCHASE\r\n$4\r\n1001\r\n$2\r\n12\r\n',
  ])('%j', (command) => {
    const bytes = Buffer.from(command, 'latin1');
    const incomplete = command.endsWith('\n') ? bytes.length - 1 : bytes.length;
    for (let length = 0; length <= incomplete; length++) {
      expect(decode([bytes.subarray(0, length)])).toEqual({ commands: [] });
    }
  });
});

describe('bytes that are no command are an error, and the commands before them come out', () => {
  const expected = 'ERR malformed request: expected';
  test.for([
    ['*x\r\n', `${expected} a number, got 'x'`],
    ['*\r\n', `${expected} a number, got byte 13`],
    ['*-1\r\n', `${expected} a number, got '-'`],
    ['*+1\r\n', `${expected} a number, got '+'`],
    ['* 1\r\n', `${expected} a number, got byte 32`],
    ['*1x\r\n', `${expected} a number, got 'x'`],
    ['*1\n$4\r\nPING\r\n', `${expected} a number, got byte 10`],
    ['*1\r$4\r\nPING\r\n', `${expected} a number, got byte 13`],
    ['*1.5\r\n', `${expected} a number, got '.'`],
    ['*1\r\nPING\r\n', `${expected} '$', got 'P'`],
    ['*1\r\n*1\r\n$4\r\nPING\r\n', `${expected} '$', got '*'`],
    ['*1\r\n:5\r\n', `${expected} '$', got ':'`],
    ['*1\r\n\0\r\n', `${expected} '$', got byte 0`],
    ['*1\r\n$-1\r\n', `${expected} a number, got '-'`],
    ['*1\r\n$\r\n', `${expected} a number, got byte 13`],
    ['*1\r\n$0x4\r\nPING\r\n', `${expected} a number, got 'x'`],
    ['*1\r\n$3\r\nPING\r\n', 'ERR malformed request: a word is not as long as it says'],
    ['*1\r\n$4\r\nPING\n\n', 'ERR malformed request: a word is not as long as it says'],
    ['PI\0NG\r\n', 'ERR malformed request: unexpected byte 0'],
    ['PING\x7f\r\n', 'ERR malformed request: unexpected byte 127'],
    ['PING \x1b[2J\r\n', 'ERR malformed request: unexpected byte 27'],
    ['PING\rPING\r\n', 'ERR malformed request: unexpected byte 13'],
    ['\x16\x03\x01\x02\0\x01\n', 'ERR this port does not speak TLS'],
    ['\x16\x03\x01\x02\0\x01', 'ERR this port does not speak TLS'],
    ['GET / HTTP/1.1\r\n', 'ERR this is not an HTTP server; see PROTOCOL.md'],
    ['POST /x HTTP/1.0\r\n', 'ERR this is not an HTTP server; see PROTOCOL.md'],
    ['PRI * HTTP/2.0\r\n', 'ERR this is not an HTTP server; see PROTOCOL.md'],
  ] as const)('%j: %s', ([bytes, error]) => {
    expectDecoded(bytes, { commands: [], error });
    expectDecoded(`PING\r\n${bytes}PING\r\n`, { commands: [['PING']], error });
  });
});

describe('limits, on both sides', () => {
  const tooBig = (bytes: number) => `TOOBIG a command has at most ${bytes} bytes here`;
  const tooMany = `TOOBIG a command has at most ${MAX_ARGUMENTS} words`;

  test('an array of exactly the bytes allowed, framing included', () => {
    const bytes = encodeCommand(['PING', 'x'.repeat(50)]);
    expectDecoded(bytes, { commands: [['PING', 'x'.repeat(50)]] }, bytes.length);
    expectDecoded(bytes, { commands: [], error: tooBig(bytes.length - 1) }, bytes.length - 1);
  });

  test('a line of exactly the bytes allowed, its end included', () => {
    const bytes = `PING ${'x'.repeat(50)}\r\n`;
    expectDecoded(bytes, { commands: [['PING', 'x'.repeat(50)]] }, bytes.length);
    expectDecoded(bytes, { commands: [], error: tooBig(bytes.length - 1) }, bytes.length - 1);
  });

  test('the limit counts for each command, not for all of them', () => {
    const bytes = encodeCommand(['PING', 'hello']);
    const commands = Array(9).fill(['PING', 'hello']);
    expectDecoded(bytes.repeat(9), { commands }, bytes.length);
  });

  test.for([
    ['an announced word', '*1\r\n$99999\r\n'],
    ['a number of ten digits', '*1\r\n$1000000000\r\n'],
    ['a count of ten digits', '*1000000000'],
    ['a count that never ends', `*${'0'.repeat(200)}`],
    ['a line without an end', 'x'.repeat(100)],
  ])('%s is refused before it is there', ([, bytes]) => {
    expectDecoded(bytes as string, { commands: [], error: tooBig(100) }, 100);
  });

  test(`${MAX_ARGUMENTS} words and one more, as an array`, () => {
    const words = Array(MAX_ARGUMENTS).fill('1');
    expect(decode([Buffer.from(encodeCommand(words))])).toEqual({ commands: [words] });
    expectDecoded(`*${MAX_ARGUMENTS + 1}\r\n`, { commands: [], error: tooMany });
  });

  test(`${MAX_ARGUMENTS} words and one more, as a line`, () => {
    const words = Array(MAX_ARGUMENTS).fill('1');
    expect(decode([Buffer.from(`${words.join(' ')}\n`)])).toEqual({ commands: [words] });
    expect(decode([Buffer.from(`${words.join(' ')} 1\n`)])).toEqual({
      commands: [],
      error: tooMany,
    });
  });

  test('a large word that trickles in is looked at once, not once for every byte', () => {
    const word = 'x'.repeat(MAX_COMMAND_BYTES - 100);
    const decoder = new RequestDecoder();
    const started = performance.now();
    let words: string[] | null = null;
    for (const byte of Buffer.from(encodeCommand(['PING', word]))) {
      decoder.push(Buffer.of(byte));
      words = decoder.next(MAX_COMMAND_BYTES);
    }
    // Measured: 20 ms; 65,000 looks at 65,000 bytes take seconds.
    expect(performance.now() - started).toBeLessThan(1_000);
    expect(words).toEqual(['PING', word]);
  });

  test('buffered tells the bytes that are not handed out yet', () => {
    const decoder = new RequestDecoder();
    decoder.push(Buffer.from('PING\r\nPURCH'));
    expect(decoder.buffered).toBe(11);
    decoder.next(100);
    expect(decoder.buffered).toBe(5);
    decoder.next(100);
    decoder.push(Buffer.from('ASE'));
    expect(decoder.buffered).toBe(8);
    decoder.push(Buffer.from('\n'));
    decoder.next(100);
    expect(decoder.buffered).toBe(0);
  });
});

describe('empty commands are skipped in pieces', () => {
  test.for([
    ['empty lines', '\n', 100],
    ['empty lines with CR LF', '\r\n', 100],
    ['lines of blanks', ' \t\n', 100 / 16],
    ['arrays of no words', '*0\r\n', 100 / 16],
  ] as const)('%s', ([, empty, most]) => {
    const decoder = new RequestDecoder();
    decoder.push(Buffer.from(`${empty.repeat(1_000)}PING\r\n`));
    const all = decoder.buffered;
    let calls = 1;
    let before = all;
    for (; ; calls++) {
      const words = decoder.next(1_024, 100);
      if (words !== null) {
        expect(words).toEqual(['PING']);
        break;
      }
      expect(decoder.hasMore).toBe(true);
      const skipped = (before - decoder.buffered) / empty.length;
      expect(skipped).toBeGreaterThan(0);
      expect(skipped).toBeLessThanOrEqual(Math.ceil(most));
      before = decoder.buffered;
    }
    expect(calls).toBeGreaterThanOrEqual(1_000 / Math.ceil(most));
    expect(decoder.next(1_024, 100)).toBeNull();
    expect(decoder.hasMore).toBe(false);
  });
});
