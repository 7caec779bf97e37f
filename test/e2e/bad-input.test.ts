import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { encodeCommand } from '../../src/protocol/encoder.ts';
import {
  MAX_ARGUMENTS,
  MAX_COMMAND_BYTES,
  MAX_COMMAND_BYTES_BEFORE_LOGIN,
} from '../../src/protocol/limits.ts';
import { TemporaryFolder } from '../support/folder.ts';
import { commands, type Plain, type RawClient } from '../support/raw-client.ts';
import { type ServeProcess, serve } from '../support/serve-process.ts';

const folder = new TemporaryFolder();
let server: ServeProcess;
/** Another client of the same server: it must notice nothing. */
let witness: RawClient;
let inventory: Plain;

beforeAll(async () => {
  server = await serve(folder.file('shop.db'));
  witness = await server.login('bob');
  expect(await witness.ask('PURCHASE 1001 1 ORDER used')).toMatchObject({ order: 'used' });
  inventory = await witness.ask('INVENTORY');
});

afterAll(async () => {
  await witness[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
  folder[Symbol.dispose]();
});

/** What the server sends back to these bytes and a PING behind them, until it closes or answers the PING. */
async function answers(client: RawClient, bytes: string): Promise<string> {
  const before = client.received.length;
  client.end(Buffer.from(`${bytes}PING here\r\n`, 'latin1'));
  const answer = (await client.untilClosed()).slice(before);
  // Whatever it was: nothing was bought, and the others notice nothing.
  expect(await witness.ask('INVENTORY')).toEqual(inventory);
  return answer;
}

const LIVES_ON = '\r\n$4\r\nhere\r\n';
const CLOSED = '\r\n';

const number = (what: string, got: string) =>
  `-ERR a ${what} is a whole number from 1 to 9007199254740991, got '${got}'`;
const usage = '-ERR usage: PURCHASE upc qty [upc qty ...] [ORDER id]';
const badId = '-ERR an order id is 1 to 64 printable characters without spaces';
const wrongPassword = '-WRONGPASS unknown user or wrong password';

describe('before login: an error, and the connection lives on', () => {
  test.for([
    ['NONSENSE 1 2', "-ERR unknown command 'NONSENSE'; COMMAND LIST lists them"],
    ['SET 1001 50', "-ERR unknown command 'SET'; COMMAND LIST lists them"],
    ['INVENTORY', '-NOAUTH log in first'],
    ['PURCHASE 1001 1', '-NOAUTH log in first'],
    ['ORDERS', '-NOAUTH log in first'],
    ['LOGOUT', '-NOAUTH log in first'],
    ['LOGIN alice', '-ERR usage: LOGIN user password'],
    ['LOGIN alice builder', wrongPassword],
    ['LOGIN nobody builder', wrongPassword],
    ['AUTH carol builder', wrongPassword],
    ['AUTH no-one builder', wrongPassword],
    ['HELLO 3 AUTH nemo builder', wrongPassword],
    ['HELLO 4', '-NOPROTO this server speaks RESP 2 and 3'],
    ['RESUME 0123456789', '-NOSESSION that token is not logged in; log in again'],
  ])('%s', async ([command, error]) => {
    await using array = await server.connect();
    expect(await answers(array, commands(command as string))).toBe(`${error}${LIVES_ON}`);
    // A second wrong password would have to wait longer.
    if (error === wrongPassword) return;
    await using inline = await server.connect();
    expect(await answers(inline, `${command}\r\n`)).toBe(`${error}${LIVES_ON}`);
  });
});

describe('after login: an error, and the connection lives on', () => {
  const cases: [string, string][] = [
    ['PURCHASE', usage],
    ['PURCHASE 1001', usage],
    ['PURCHASE 1001 1 1002', usage],
    ['PURCHASE 1001 1 ORDER', usage],
    ['INVENTORY 1001 9999', '-NOITEM no such UPC: 9999'],
    ['PURCHASE 9999 1 1001 1 8888 1', '-NOITEM no such UPC: 9999, 8888'],
    ['PURCHASE 1006 11', '-NOSTOCK too little stock: 1006 asked 11 available 10'],
    ['PURCHASE 1006 6 1006 5', '-NOSTOCK too little stock: 1006 asked 11 available 10'],
    ['PURCHASE 1002 1 1006 99', '-NOSTOCK too little stock: 1006 asked 99 available 10'],
    [
      'PURCHASE 1001 2 ORDER used',
      '-ORDERREUSED that order id was used for another order: 1001 asked 1',
    ],
    [`PURCHASE 1001 1 ORDER ${'x'.repeat(65)}`, badId],
    ['PURCHASE 1001 1 ORDER caf\xe9', badId],
    ['ORDER never', '-NOORDER you have no order of that id'],
    ['ORDERS BEFORE never', '-NOORDER you have no order of that id'],
    ['ORDERS COUNT 0', '-ERR COUNT is a whole number from 1 to 1000'],
    ['ORDERS COUNT 1001', '-ERR COUNT is a whole number from 1 to 1000'],
    ['WHOAMI please', '-ERR usage: WHOAMI'],
  ];
  for (const bad of [
    '0',
    '-1',
    '+1',
    '1.5',
    '1e3',
    '0x10',
    '9007199254740992',
    '9'.repeat(30),
    'many',
  ]) {
    cases.push([`PURCHASE 1001 ${bad}`, number('quantity', bad)]);
    cases.push([`PURCHASE ${bad} 1`, number('UPC', bad)]);
  }

  test.for(cases)('%s', async ([command, error]) => {
    await using client = await server.login('bob');
    expect(await answers(client, commands(command))).toBe(`${error}${LIVES_ON}`);
  });

  test('units and codes in other digits, empty, with spaces or line ends', async () => {
    for (const bad of ['\xd9\xa1', '', ' 1', '1 ', '1\r\n', '1\0']) {
      await using client = await server.login('bob');
      const shown = bad.replace(/[^!-~]/g, '?');
      expect(await answers(client, encodeCommand(['PURCHASE', '1001', bad]))).toBe(
        `${number('quantity', shown)}${LIVES_ON}`,
      );
    }
  });
});

describe('bytes that are no command: an error, and this connection alone is closed', () => {
  const noise = Buffer.from(Array.from({ length: 500 }, (_, index) => (index * 97 + 131) % 256));
  test.for([
    [
      'a word shorter than it says',
      '*1\r\n$9\r\nPING\r\n*1\r\n$4\r\nPING\r\n',
      '-ERR malformed request: a word is not as long as it says',
    ],
    ['a count that is no number', '*two\r\n', "-ERR malformed request: expected a number, got 't'"],
    ['a negative length', '*1\r\n$-5\r\n', "-ERR malformed request: expected a number, got '-'"],
    ['no length', '*1\r\nPING\r\n', "-ERR malformed request: expected '$', got 'P'"],
    ['a reply', '*1\r\n:1\r\n', "-ERR malformed request: expected '$', got ':'"],
    [
      'an HTTP request',
      'GET /?PURCHASE HTTP/1.1\r\nHost: x\r\n\r\nPURCHASE 1001 1\r\n',
      '-ERR this is not an HTTP server; see PROTOCOL.md',
    ],
    [
      'an HTTP form',
      'POST / HTTP/1.1\r\nContent-Length: 17\r\n\r\nPURCHASE 1001 1\r\n',
      '-ERR this is not an HTTP server; see PROTOCOL.md',
    ],
    [
      'a TLS greeting',
      '\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03',
      '-ERR this port does not speak TLS',
    ],
    ['binary noise', noise.toString('latin1'), '-ERR malformed request: unexpected byte 7'],
    ['a terminal sequence', 'PING \x1b[2J\r\n', '-ERR malformed request: unexpected byte 27'],
  ] as const)('%s', async ([, bytes, error]) => {
    await using client = await server.login('bob');
    expect(await answers(client, bytes)).toBe(`${error}${CLOSED}`);
  });
});

describe('commands over a limit', () => {
  const tooBig = (bytes: number) => `-TOOBIG a command has at most ${bytes} bytes here${CLOSED}`;
  const tooMany = `-TOOBIG a command has at most ${MAX_ARGUMENTS} words${CLOSED}`;

  /** `PING xxx…`, of so many bytes with its framing. */
  function pingOf(bytes: number): string {
    const size = (length: number) => encodeCommand(['PING', 'x'.repeat(length)]).length;
    return encodeCommand(['PING', 'x'.repeat(bytes - (size(bytes) - bytes))]);
  }

  test.for([MAX_COMMAND_BYTES_BEFORE_LOGIN, MAX_COMMAND_BYTES])('of %i bytes', async (limit) => {
    const connect = () => (limit === MAX_COMMAND_BYTES ? server.login('bob') : server.connect());
    await using fits = await connect();
    expect(pingOf(limit)).toHaveLength(limit);
    expect(await answers(fits, pingOf(limit))).toMatch(/^\$\d+\r\nx+\r\n\$4\r\nhere\r\n$/);
    await using over = await connect();
    expect(await answers(over, pingOf(limit + 1))).toBe(tooBig(limit));
    await using line = await connect();
    expect(await answers(line, `PING ${'x'.repeat(limit)}\r\n`)).toBe(tooBig(limit));
  });

  test(`of ${MAX_ARGUMENTS} words`, async () => {
    await using fits = await server.login('bob');
    expect(
      await answers(fits, encodeCommand(['INVENTORY', ...Array(MAX_ARGUMENTS - 1).fill('9')])),
    ).toBe(`-NOITEM no such UPC: 9${LIVES_ON}`);
    await using over = await server.login('bob');
    expect(
      await answers(over, encodeCommand(['INVENTORY', ...Array(MAX_ARGUMENTS).fill('9')])),
    ).toBe(tooMany);
  });
});

test.for(['PURCHASE 1001 1', '*3\r\n$8\r\nPURCHASE\r\n$4\r\n1001\r\n$2\r\n12'])(
  'a request that is cut off by the end of the stream is never run: %j',
  async (cut) => {
    await using client = await server.login('bob');
    const before = client.received.length;
    client.end(Buffer.from(cut));
    expect((await client.untilClosed()).slice(before)).toBe('');
    expect(await witness.ask('INVENTORY')).toEqual(inventory);
  },
);
