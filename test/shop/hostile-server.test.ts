/** What a server says that is no inventory server, is none any more, or means no good. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { nameOf } from '../../src/client/address.ts';
import type { Reply } from '../../src/protocol/encoder.ts';
import { ErrorReply } from '../../src/protocol/error-codes.ts';
import { MAX_INTEGER } from '../../src/protocol/limits.ts';
import { PASSWORDS } from '../support/in-process.ts';
import { account, newPlace, newShop, TICKETS } from './support/place.ts';
import { type Answer, fakeServer, Raw } from './support/servers.ts';

const at = newPlace();

/** A server that answers PURCHASE with `answer`, and everything else as it should. */
async function shopWith(answer: (words: string[]) => Answer) {
  const { address, commands } = await fakeServer((words) => {
    const [verb] = words;
    if (verb === 'LOGIN') return { token: 't', user: 'mallory', since: 1 };
    if (verb === 'RESUME') return { user: 'mallory', since: 1 };
    if (verb === 'INVENTORY') return [{ upc: 1001, name: 'x'.repeat(100_000), available: 1 }];
    if (verb === 'ORDER') return new ErrorReply('NOORDER', 'no such order');
    if (verb === 'PURCHASE') return answer(words);
    return undefined;
  });
  const shop = newShop(at, address);
  await shop.login('mallory', 'x');
  return { shop, address, commands };
}

const receipt = (order: string, lines: Reply, more = {}): Reply => ({
  order,
  at: 1,
  replayed: false,
  lines,
  ...more,
});
const line = (upc: number, qty: number): Reply => ({ upc, qty, available: 1 });

describe('a receipt that does not answer what was asked leaves the order in doubt', () => {
  test.each<[string, (id: string) => Reply]>([
    ['another id', () => receipt('another', [line(1001, 2)])],
    ['another item', (id) => receipt(id, [line(1002, 2)])],
    ['no lines', (id) => receipt(id, [])],
    ['three times as many', (id) => receipt(id, [line(1001, 6)])],
    ['one line more', (id) => receipt(id, [line(1001, 2), line(1002, 1)])],
    ['a line twice', (id) => receipt(id, [line(1001, 2), line(1001, 2)])],
    ['a time beyond all', (id) => receipt(id, [line(1001, 2)], { at: MAX_INTEGER })],
    ['nothing', () => 'OK'],
  ])('%s', async (_name, reply) => {
    const { shop } = await shopWith((words) => reply(words.at(-1) as string));
    await expect(shop.purchase(TICKETS)).rejects.toMatchObject({ code: 'UNKNOWN', exit: 6 });
    expect(account(at, 'mallory')).toMatchObject({ items: [], openOrders: [{ lines: TICKETS }] });
  });
});

test('what one server sells without end breaks nothing of another’s account', async () => {
  await newShop(at).login('alice', PASSWORDS.alice);
  await newShop(at).purchase(TICKETS);
  const most = [{ upc: 1001, qty: MAX_INTEGER }];
  const { shop } = await shopWith((words) =>
    receipt(words.at(-1) as string, [line(1001, MAX_INTEGER)]),
  );
  for (let round = 0; round < 2; round++) await shop.purchase(most);
  expect((await shop.local()).items).toMatchObject([{ units: MAX_INTEGER }]);
  // Its names are cut, too: whatever it says, the file can be read again.
  expect((await shop.local()).items[0]?.name).toHaveLength(256);
  expect((await newShop(at).local()).items).toMatchObject([{ units: 2 }]);
  expect(await newShop(at).inventory()).toHaveLength(14);
  expect(at.notes).toEqual([]);
});

test('64 MB of empty maps are refused while they come', async () => {
  const { shop } = await shopWith(() => 'OK');
  const before = process.memoryUsage.rss();
  const flood = await fakeServer(([verb]) => {
    if (verb === 'LOGIN') return { token: 't', user: 'mallory', since: 1 };
    if (verb === 'INVENTORY') return new Raw(`*15000000\r\n${'%0\r\n'.repeat(15_000_000)}`);
    return undefined;
  });
  // On a busy machine this process takes seconds for the text alone.
  const flooded = newShop(at, flood.address, undefined, 30_000);
  await flooded.login('mallory', 'x');
  await expect(flooded.inventory()).rejects.toMatchObject({
    code: 'NOSERVER',
    message: expect.stringContaining('too many values'),
  });
  // This process holds the server, too, and its 60 MB of text in several copies.
  expect(process.memoryUsage.rss() - before).toBeLessThan(800_000_000);
  shop.close();
});

describe('a peer that is no inventory server', () => {
  // What Redis says: it tells the words of the command again.
  const redis = (words: string[]): Answer =>
    new ErrorReply(
      'ERR',
      `unknown command '${words[0]}', with args beginning with: ${words.slice(1)}`,
    );

  test('is given neither a password nor a token, and is not quoted', async () => {
    const peer = await fakeServer(redis);
    const failure = await newShop(at, peer.address)
      .login('alice', 'wonderland')
      .catch((error) => error);
    expect(failure).toMatchObject({
      code: 'NOSERVER',
      exit: 5,
      message: `${nameOf(peer.address)} is not an inv server; check --host and --port`,
    });
    await newShop(at).login('alice', PASSWORDS.alice);
    at.line.target = peer.address;
    await expect(newShop(at).inventory()).rejects.toMatchObject({
      exit: 5,
      message: expect.stringContaining('is not an inv server'),
    });
    expect(peer.commands.map(([verb]) => verb)).toEqual(['HELLO', 'HELLO']);
  });

  test('that claims to be one cannot have the password printed', async () => {
    const peer = await fakeServer((words) => (words[0] === 'HELLO' ? undefined : redis(words)));
    const failure = await newShop(at, peer.address)
      .login('alice', 'wonderland')
      .catch((error) => error);
    expect(failure).toMatchObject({ code: 'ERR', exit: 1 });
    expect(failure.message).not.toContain('wonderland');
  });
});

test('a hold to the end of time, told by a clock that stands in 1970, can be kept and read', async () => {
  const until = 8_640_000_000_000_000;
  const held = (order: string, end = until) =>
    receipt(order, [line(1001, 2)], { state: 'held', until: end });
  const { address } = await fakeServer((words): Answer | undefined => {
    const [verb, order = ''] = words;
    if (verb === 'LOGIN') return { token: 't', user: 'alice', since: 1 };
    if (verb === 'RESUME') return { user: 'alice', since: 1 };
    if (verb === 'TIME') return ['0', '0'];
    if (verb === 'INVENTORY') return [{ upc: 1001, name: 'Ticket', available: 1 }];
    if (verb === 'HOLD') return held('h', 60_000);
    if (verb === 'EXTEND') return { order, until };
    return verb === 'HOLDS' ? [held('h'), held('i')] : undefined;
  });
  const shop = newShop(at, address);
  await shop.login('alice', 'x');
  await shop.hold(TICKETS, 60, 'h');
  await shop.extend('h', 600);
  expect((await newShop(at, address).local()).holds).toMatchObject([{ order: 'h', ends: until }]);
  await shop.holds();
  expect((await newShop(at, address).local()).holds).toMatchObject([
    { order: 'h', ends: until },
    { order: 'i', ends: until },
  ]);
  expect(at.notes).toEqual([]);
});

test('a login that is told to be somebody else’s is none', async () => {
  const { address } = await fakeServer(([verb]) =>
    verb === 'LOGIN' ? { token: 't', user: 'bob', since: 1 } : undefined,
  );
  await expect(newShop(at, address).login('alice', 'x')).rejects.toMatchObject({ exit: 6 });
  expect(await newShop(at, address).loggedIn()).toBeNull();
});

test('what a server tells does nothing to a terminal, now or from the file', async () => {
  const name = '\u001b[2J\u001b]0;x\u0007 \u009b31m';
  const { address } = await fakeServer((words) => {
    const [verb] = words;
    if (verb === 'LOGIN') return { token: 't', user: 'alice', since: 1 };
    if (verb === 'INVENTORY') {
      return [{ upc: 1001, name: Buffer.from(name).toString('latin1'), available: 1 }];
    }
    if (verb === 'ORDER') return new ErrorReply('NOORDER', 'x');
    if (verb !== 'PURCHASE') return undefined;
    return receipt(words.at(-1) as string, [line(1001, 2)]);
  });
  const shop = newShop(at, address);
  await shop.login('alice', 'x');
  await shop.purchase(TICKETS);
  const file = readFileSync(join(at.directory, 'shop.json'), 'utf8');
  expect(file.replaceAll('\n', '')).not.toMatch(/\p{Cc}|\\u00/u);
  expect((await shop.local()).items[0]?.name).not.toMatch(/\p{Cc}/u);
});
