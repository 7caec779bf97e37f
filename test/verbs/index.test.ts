import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { MAX_CODE_LENGTH } from '../../src/inventory/catalog.ts';
import { ErrorReply } from '../../src/protocol/error-codes.ts';
import {
  MAX_ARGUMENTS,
  MAX_INTEGER,
  MAX_NUMBER_DIGITS,
  MAX_ORDERS_COUNT,
} from '../../src/protocol/limits.ts';
import { parse, parseWithOrderId, VERBS } from '../../src/verbs/index.ts';

/** The command of some words between spaces, its verb by name; or `CODE sentence`. */
function parsed(line: string): object | string {
  const command = parse(line.split(' '));
  if (command instanceof ErrorReply) return `${command.code} ${command.message}`;
  return { ...command, verb: command.verb.name };
}

const credentials = { user: 'alice', password: 'wonderland' };

describe('good words', () => {
  test.for<[string, object]>([
    ['HELLO', { verb: 'HELLO', version: null, name: null }],
    ['HELLO 2', { verb: 'HELLO', version: 2, name: null }],
    ['HELLO 3', { verb: 'HELLO', version: 3, name: null }],
    [
      'HELLO 3 AUTH alice wonderland',
      { verb: 'HELLO', version: 3, credentials, user: null, name: null },
    ],
    [
      'HELLO 3 auth alice wonderland setname shop',
      { verb: 'HELLO', version: 3, credentials, user: null, name: 'shop' },
    ],
    [
      'HELLO 3 SETNAME shop AUTH alice wonderland',
      { verb: 'HELLO', version: 3, credentials, user: null, name: 'shop' },
    ],
    ['AUTH alice wonderland', { verb: 'AUTH', credentials, user: null }],
    ['LOGIN alice wonderland', { verb: 'LOGIN', credentials, token: '', user: null }],
    ['RESUME token', { verb: 'RESUME', token: 'token' }],
    ['WHOAMI', { verb: 'WHOAMI' }],
    ['INVENTORY', { verb: 'INVENTORY', upcs: [] }],
    ['INVENTORY 1003 1001 1003', { verb: 'INVENTORY', upcs: [1001, 1003] }],
    ['PURCHASE 1001 2', { verb: 'PURCHASE', lines: [{ upc: 1001, qty: 2 }], order: null }],
    ['PURCHASE 0001001 02', { verb: 'PURCHASE', lines: [{ upc: 1001, qty: 2 }], order: null }],
    ['PURCHASE 1 2 ORDER a', { verb: 'PURCHASE', lines: [{ upc: 1, qty: 2 }], order: 'a' }],
    ['PURCHASE 1 2 order ORDER', { verb: 'PURCHASE', lines: [{ upc: 1, qty: 2 }], order: 'ORDER' }],
    ['ORDER abc', { verb: 'ORDER', order: 'abc' }],
    [`ORDER ${'!'.repeat(64)}`, { verb: 'ORDER', order: '!'.repeat(64) }],
    ['ORDERS', { verb: 'ORDERS', count: 20, before: null, isRest: false }],
    ['ORDERS COUNT 1', { verb: 'ORDERS', count: 1, before: null, isRest: false }],
    [
      `ORDERS count ${MAX_ORDERS_COUNT}`,
      { verb: 'ORDERS', count: MAX_ORDERS_COUNT, before: null, isRest: false },
    ],
    ['ORDERS BEFORE x COUNT 3', { verb: 'ORDERS', count: 3, before: 'x', isRest: false }],
    ['LOGOUT', { verb: 'LOGOUT' }],
    ['PING', { verb: 'PING', text: null }],
    ['PING hi', { verb: 'PING', text: 'hi' }],
    ['QUIT', { verb: 'QUIT' }],
    ['AUTH token', { verb: 'AUTH', token: 'token' }],
    ['INFO', { verb: 'INFO', sections: [] }],
    ['INFO Server CLIENTS', { verb: 'INFO', sections: ['server', 'clients'] }],
    ['COMMAND', { verb: 'COMMAND', subcommand: 'INFO', names: [] }],
    ['COMMAND docs get', { verb: 'COMMAND', subcommand: 'DOCS', names: ['get'] }],
    ['CLIENT SETNAME x', { verb: 'CLIENT', subcommand: expect.anything(), words: ['x'] }],
    [
      'CLIENT tracking ON BCAST',
      { verb: 'CLIENT', words: ['ON', 'BCAST'], subcommand: expect.anything() },
    ],
    ['ECHO hi', { verb: 'ECHO', text: 'hi' }],
    ['SELECT 0', { verb: 'SELECT', index: '0' }],
  ])('%s', ([line, command]) => {
    expect(parsed(line)).toEqual(command);
  });

  test.for([...VERBS.keys()])('%s is understood in any case', (name) => {
    const words = Array(VERBS.get(name)?.words[0]).fill('1');
    const mixed = `${name[0]}${name.slice(1).toLowerCase()}`;
    const expected = parse([name, ...words]);
    expect(parse([name.toLowerCase(), ...words])).toEqual(expected);
    expect(parse([mixed, ...words])).toEqual(expected);
  });
});

describe('the number of words is checked', () => {
  const bounds = [...VERBS.values()].map((verb) => [verb.name, ...verb.words] as const);

  test.for(bounds)('%s takes %i to %i words', ([name, least, most]) => {
    const usage = new RegExp(`^ERR usage: ${name}( |$)`);
    if (least > 0) expect(parsed([name, ...Array(least - 1).fill('1')].join(' '))).toMatch(usage);
    if (most < MAX_ARGUMENTS - 1) {
      expect(parsed([name, ...Array(most + 1).fill('1')].join(' '))).toMatch(usage);
    }
  });

  test('the usage is plain ASCII, and names the words', () => {
    expect(parsed('PURCHASE 1001')).toBe('ERR usage: PURCHASE upc qty [upc qty ...] [ORDER id]');
    expect(parsed('WHOAMI now')).toBe('ERR usage: WHOAMI');
  });

  test.for([
    'PURCHASE 1001 2 1002',
    'PURCHASE 1001 2 ORDER',
    'PURCHASE 1001 ORDER a',
    'ORDERS COUNT',
    'ORDERS COUNT 1 BEFORE',
    'ORDERS FIRST 1',
    'ORDERS COUNT 1 COUNT 2',
    'ORDERS BEFORE a BEFORE b',
    'HELLO 3 AUTH alice',
    'HELLO 3 SETNAME a SETNAME b',
    'HELLO 3 AUTH alice x AUTH bob y',
    'HELLO 3 SETNAME',
    'HELLO 3 NONSENSE',
  ])('%s is told its usage', (line) => {
    expect(parsed(line)).toMatch(/^ERR usage: /);
  });
});

describe('numbers are decimal, from 1 to 2^53-1, without a sign', () => {
  const bad = [
    '0',
    '00',
    '-1',
    '+1',
    '1.5',
    '1.0',
    '.5',
    '1e3',
    '0x10',
    '1:',
    '1/',
    '0b1',
    '1_000',
    '1,000',
    '1n',
    '9007199254740992',
    '99999999999999999',
    '10000000000000000000000000000001',
    'NaN',
    'Infinity',
    'two',
    '',
    ' 1',
    '1 ',
    '1\n',
    '\t1',
    '\xb2',
    '\xd9\xa1',
    '\xef\xbc\x91',
    '1\0',
  ];

  test.for(bad)('%j is neither a UPC nor a quantity', (word) => {
    const got = `from 1 to ${MAX_INTEGER}, got '${word.replace(/[^!-~]/g, '?')}'`;
    const upc = new ErrorReply('ERR', `a UPC is a whole number ${got}`);
    const quantity = new ErrorReply('ERR', `a quantity is a whole number ${got}`);
    expect(parse(['PURCHASE', word, '1'])).toEqual(upc);
    expect(parse(['PURCHASE', '1', '1', word, '1'])).toEqual(upc);
    expect(parse(['PURCHASE', '1', word])).toEqual(quantity);
    expect(parse(['INVENTORY', '1', word])).toEqual(upc);
    expect(parse(['ORDERS', 'COUNT', word])).toEqual(
      new ErrorReply('ERR', `COUNT is a whole number from 1 to ${MAX_ORDERS_COUNT}`),
    );
  });

  test('leading zeros do not count, as many as a catalogue may give a code', () => {
    expect(MAX_NUMBER_DIGITS).toBe(MAX_CODE_LENGTH);
    const code = '12345678'.padStart(MAX_CODE_LENGTH, '0');
    const largest = String(MAX_INTEGER).padStart(MAX_CODE_LENGTH, '0');
    const lines = [{ upc: 12_345_678, qty: MAX_INTEGER }];
    expect(parsed(`PURCHASE ${code} ${largest}`)).toMatchObject({ lines });
    expect(parsed(`HOLD ${code} ${largest} FOR 60`)).toMatchObject({ lines });
    expect(parsed(`INVENTORY ${code}`)).toMatchObject({ upcs: [12_345_678] });
    expect(parsed(`SUBSCRIBE stock:${code}`)).toMatchObject({ upcs: [12_345_678] });
    for (const verb of ['PURCHASE 0', 'INVENTORY 0', 'SUBSCRIBE stock:0']) {
      expect(parsed(`${verb}${code} 1`)).toMatch(/^ERR a UPC is a whole number/);
    }
  });

  test('the largest number is one', () => {
    expect(parsed(`PURCHASE ${MAX_INTEGER} ${MAX_INTEGER}`)).toMatchObject({
      lines: [{ upc: MAX_INTEGER, qty: MAX_INTEGER }],
    });
  });

  test('one more than the most orders is refused', () => {
    expect(parsed(`ORDERS COUNT ${MAX_ORDERS_COUNT + 1}`)).toMatch(/^ERR COUNT is a whole number/);
  });
});

describe('the same UPC named twice', () => {
  test('is one line with the sum, where it was named first', () => {
    expect(parsed('PURCHASE 7 1 8 5 007 2 7 3')).toMatchObject({
      lines: [
        { upc: 7, qty: 6 },
        { upc: 8, qty: 5 },
      ],
    });
  });

  test('is refused when the sum cannot be held exactly', () => {
    expect(parsed(`PURCHASE 7 ${MAX_INTEGER - 1} 7 1`)).toMatchObject({
      lines: [{ upc: 7, qty: MAX_INTEGER }],
    });
    expect(parsed(`PURCHASE 7 ${MAX_INTEGER} 7 1`)).toBe(
      `ERR a quantity is a whole number from 1 to ${MAX_INTEGER}, got '${MAX_INTEGER}+1'`,
    );
    expect(parsed(`PURCHASE 7 ${MAX_INTEGER} 7 ${MAX_INTEGER}`)).toMatch(/^ERR a quantity/);
  });

  test('any list of lines keeps its total of each UPC', () => {
    const line = fc.record({
      upc: fc.integer({ min: 1, max: 5 }),
      qty: fc.integer({ min: 1, max: 99 }),
    });
    fc.assert(
      fc.property(fc.array(line, { minLength: 1, maxLength: 511 }), (lines) => {
        const totals = new Map<number, number>();
        for (const { upc, qty } of lines) totals.set(upc, (totals.get(upc) ?? 0) + qty);
        const words = lines.flatMap(({ upc, qty }) => [String(upc), String(qty)]);
        expect(parsed(['PURCHASE', ...words].join(' '))).toEqual({
          verb: 'PURCHASE',
          lines: [...totals].map(([upc, qty]) => ({ upc, qty })),
          order: null,
        });
      }),
    );
  });
});

describe('order ids are 1 to 64 printable characters without spaces', () => {
  const error = new ErrorReply('ERR', 'an order id is 1 to 64 printable characters without spaces');

  test.for(['', ' ', 'a b', 'a'.repeat(65), 'a\n', '\x7f', '\xc3\xa9', '\0'])('not %j', (id) => {
    expect(parse(['ORDER', id])).toEqual(error);
    expect(parse(['PURCHASE', '1001', '1', 'ORDER', id])).toEqual(error);
    expect(parse(['ORDERS', 'BEFORE', id])).toEqual(error);
  });
});

describe('a server that takes no order without an id', () => {
  test('refuses it, and says what to do', () => {
    expect(parseWithOrderId(['purchase', '1001', '2'])).toEqual(
      new ErrorReply('ERR', 'this server takes no PURCHASE without an id; end it with ORDER id'),
    );
  });

  test('takes all others as they are', () => {
    const lines = [
      'PURCHASE 1001 2 ORDER a',
      'INVENTORY',
      'ORDERS',
      'ORDER a',
      'PURCHASE',
      'GET x',
    ];
    for (const words of lines.map((line) => line.split(' '))) {
      expect(parseWithOrderId(words)).toEqual(parse(words));
    }
  });
});

describe('other faults', () => {
  test.for(['1', '4', '0', '03', 'three', '2.0', ''])('HELLO %s: no such protocol', (version) => {
    expect(parse(['HELLO', version])).toEqual(
      new ErrorReply('NOPROTO', 'this server speaks RESP 2 and 3'),
    );
  });

  test.for([
    ['GET', 'GET'],
    ['', ''],
    ['a\r\n-OK \x1b[2J', 'a??-OK??[2J'],
    ['x'.repeat(33), `${'x'.repeat(32)}...`],
    ['__proto__', '__proto__'],
    ['constructor', 'constructor'],
    ['stra\xdfe', 'stra?e'],
  ] as const)('the unknown command %j is quoted harmlessly', ([verb, shown]) => {
    expect(parse([verb])).toEqual(
      new ErrorReply('ERR', `unknown command '${shown}'; COMMAND LIST lists them`),
    );
  });

  test('the words behind an unknown command are not told: they may be a password', () => {
    expect(parsed('LOGN alice wonderland')).toBe(
      "ERR unknown command 'LOGN'; COMMAND LIST lists them",
    );
  });

  test('whatever the words, there is a command or an error of one printable line', () => {
    const word = fc.oneof(
      fc.constantFrom(...VERBS.keys(), 'AUTH', 'COUNT', '1001', '2'),
      fc.uint8Array({ maxLength: 70 }).map((bytes) => Buffer.from(bytes).toString('latin1')),
    );
    fc.assert(
      fc.property(fc.array(word, { minLength: 1, maxLength: 7 }), (words) => {
        const command = parse(words);
        if (command instanceof ErrorReply) expect(command.message).toMatch(/^[ -~]+$/);
        else expect(VERBS.has(command.verb.name)).toBe(true);
      }),
    );
  });
});
