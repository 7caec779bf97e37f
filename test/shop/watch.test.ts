/** Following the levels through Shop, over a line that breaks. */
import { expect, onTestFinished, test, vi } from 'vitest';
import type { CommandFailure } from '../../src/cli/command-failure.ts';
import type { Item } from '../../src/inventory/catalog.ts';
import type { Shop } from '../../src/shop/shop.ts';
import type { WatchedItem } from '../../src/shop/watch.ts';
import { startServer, type TestServer } from '../support/in-process.ts';
import { newPlace, newShop } from './support/place.ts';
import { badLine, fakeServer, Raw, SILENCE } from './support/servers.ts';

const catalog: Item[] = [
  { upc: 1, name: 'one', units: 10 },
  { upc: 2, name: 'two', units: 20 },
];

let server: TestServer;
const at = newPlace(async () => {
  server = await startServer({ catalog });
  onTestFinished(() => server[Symbol.asyncDispose]());
  return { host: '127.0.0.1', port: server.port };
});

/** The bytes of a made-up server: that `stock` is subscribed to, a message of it, and the reply to INVENTORY. */
const CONFIRMATION = '>3\r\n$9\r\nsubscribe\r\n$5\r\nstock\r\n:1\r\n';
const message = (payload: string) =>
  `>3\r\n$7\r\nmessage\r\n$5\r\nstock\r\n$${payload.length}\r\n${payload}\r\n`;
const ITEMS = '*1\r\n%3\r\n+upc\r\n:1\r\n+name\r\n+one\r\n+available\r\n:5\r\n';

/** What is watched, as `upc=available` or a word for what happened; `next` waits for it. */
function watched(shop: Shop, upcs: readonly number[] = []) {
  const told: string[] = [];
  let wake: () => void = () => undefined;
  const tell = (...words: string[]) => {
    told.push(...words);
    wake();
  };
  const names = new Map(catalog.map(({ upc, name }) => [upc, name]));
  /** With its name when that is another one than in the catalogue. */
  const text = ({ upc, code, available, isGone, name }: WatchedItem) =>
    (isGone ? `${upc} gone` : `${upc}=${available}`) +
    ((names.get(upc) ?? name) === name ? '' : ` ${name}`) +
    (code === undefined ? '' : ` ${code}`);
  const enough = new AbortController();
  const listener = {
    changed: (items: readonly WatchedItem[]) => tell(...items.map(text)),
    lost: (why: string) => tell(/^lost the connection|^no server/.test(why) ? 'lost' : why),
    back: () => tell('back'),
  };
  const ended = shop.watch(upcs, listener, enough.signal);
  ended.catch(() => undefined);
  return {
    ended,
    end: async () => {
      enough.abort();
      await ended;
    },
    /** The next words, which are these. */
    async next(...words: string[]): Promise<void> {
      while (told.length < words.length) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
      expect(told.splice(0, words.length)).toEqual(words);
    },
    /** The next word. */
    async word(): Promise<string> {
      while (told.length === 0) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
      return told.shift() as string;
    },
    /** How many words are not looked at. */
    left: () => told.length,
  };
}

/** Its words, up to this one. */
async function untilTold(watch: ReturnType<typeof watched>, word: string): Promise<void> {
  while ((await watch.word()) !== word);
}

async function loggedIn(): Promise<Shop> {
  const shop = newShop(at);
  await shop.login('alice', 'wonderland');
  onTestFinished(() => shop.close());
  return shop;
}

test('tells all items, then each change, and what comes and goes', async () => {
  const shop = await loggedIn();
  await using buyer = await server.login('bob');
  const watch = watched(shop);
  await watch.next('1=10', '2=20');
  await buyer.ask('PURCHASE 1 3');
  await watch.next('1=7');
  await server.server.changeCatalog([catalog[0] as Item, { upc: 3, name: 'three', units: 3 }]);
  await watch.next('2 gone', '3=3');
  await server.server.changeCatalog(catalog);
  await watch.next('2=20', '3 gone');
  await watch.end();
  expect(watch.left()).toBe(0);
});

test('tells what an item is called now, also when it was sold or was away meanwhile', async () => {
  const shop = await loggedIn();
  await using buyer = await server.login('bob');
  const [all, one] = [watched(shop), watched(newShop(at), [2])];
  await all.next('1=10', '2=20');
  await one.next('2=20');
  const [first, second] = catalog as [Item, Item];
  const renamed = { ...second, name: 'zwei für drei', code: '002' };
  const change = server.server.changeCatalog([first, renamed]);
  await buyer.ask('PURCHASE 2 5');
  await change;
  await untilTold(all, '2=15 zwei für drei 002');
  await untilTold(one, '2=15 zwei für drei 002');
  await buyer.ask('PURCHASE 2 1');
  await all.next('2=14 zwei für drei 002');
  await server.server.changeCatalog([first]);
  await all.next('2 gone zwei für drei 002');
  await server.server.changeCatalog([first, { ...second, name: 'deux' }]);
  await all.next('2=14 deux');
  await one.next('2=14 zwei für drei 002', '2 gone zwei für drei 002', '2=14 deux');
  // Who comes after the change knows the name already.
  const later = watched(newShop(at));
  await later.next('1=10', '2=14 deux');
  await buyer.ask('PURCHASE 2 1');
  await later.next('2=13 deux');
  for (const { end, left } of [later, all, one]) {
    await end();
    expect(left()).toBeLessThan(2);
  }
});

test('tells of the items that are asked for, and of no other', async () => {
  const shop = await loggedIn();
  await using buyer = await server.login('bob');
  const watch = watched(shop, [2]);
  await watch.next('2=20');
  await buyer.ask('PURCHASE 1 3');
  await buyer.ask('PURCHASE 2 3');
  await watch.next('2=17');
  await watch.end();
  const unknown = watched(shop, [2, 9]);
  await expect(unknown.ended).rejects.toMatchObject({ code: 'NOITEM', exit: 3 });
});

test('goes on when the server is back, and tells what was missed', async () => {
  const shop = await loggedIn();
  const watch = watched(shop);
  await watch.next('1=10', '2=20');
  const target = at.line.target;
  at.line.target = { host: '127.0.0.1', port: 1 };
  at.line.cut();
  await watch.next('lost');
  await using again = await server.login('bob');
  await again.ask('PURCHASE 1 1');
  await again.ask('PURCHASE 2 5');
  at.line.target = target;
  await watch.next('1=9', '2=15', 'back');
  await again.ask('PURCHASE 1 1');
  await watch.next('1=8');
  await watch.end();
});

test('tells of items that are gone when the server is back, and when they are on sale again', async () => {
  const shop = await loggedIn();
  const [both, second] = [watched(shop, [1, 2]), watched(newShop(at), [2])];
  const all = watched(newShop(at));
  for (const watch of [both, all]) await watch.next('1=10', '2=20');
  await second.next('2=20');
  const target = at.line.target;
  at.line.target = { host: '127.0.0.1', port: 1 };
  at.line.cut();
  for (const watch of [both, second, all]) await watch.next('lost');
  const [one, two] = catalog as [Item, Item];
  await server.server.changeCatalog([one, { upc: 3, name: 'three', units: 3 }]);
  at.line.target = target;
  for (const watch of [both, second]) await watch.next('2 gone', 'back');
  await all.next('3=3', '2 gone', 'back');
  await using buyer = await server.login('bob');
  await buyer.ask('PURCHASE 1 1');
  for (const watch of [both, all]) await watch.next('1=9');
  // Also over another connection.
  at.line.cut();
  for (const watch of [both, second, all]) await watch.next('lost', 'back');
  await server.server.changeCatalog([one, { ...two, name: 'deux' }]);
  for (const watch of [both, second]) await watch.next('2=20 deux');
  await untilTold(all, '2=20 deux');
  for (const watch of [both, second]) {
    await watch.end();
    expect(watch.left()).toBe(0);
  }
  await all.end();
});

test('ends when the login is ended elsewhere, and says how to go on', async () => {
  const shop = await loggedIn();
  const watch = watched(shop);
  await watch.next('1=10', '2=20');
  await newShop(at).logout();
  const failure = await watch.ended.catch((error: CommandFailure) => error);
  expect(failure).toMatchObject({ exit: 4 });
});

test('a server that is not there, or nobody who is logged in: a failure at once', async () => {
  const shop = newShop(at);
  await expect(watched(shop).ended).rejects.toMatchObject({ code: 'NOAUTH', exit: 4 });
  await shop.login('alice', 'wonderland');
  shop.close();
  at.line.target = { host: '127.0.0.1', port: 1 };
  await expect(watched(shop).ended).rejects.toMatchObject({ code: 'NOSERVER', exit: 5 });
});

test('a server that has gone without a word is noticed after a while', async () => {
  const line = await badLine();
  const fake = await fakeServer(([verb]) => {
    if (verb === 'LOGIN') return { token: 't0', user: 'alice', since: 5 };
    if (verb === 'RESUME') return { user: 'alice', since: 5 };
    if (verb === 'INVENTORY') return [{ upc: 1, name: 'one', available: 5 }];
    if (verb === 'SUBSCRIBE') return new Raw(CONFIRMATION + message('[]'));
    return verb === 'PING' ? SILENCE : undefined;
  });
  line.target = fake.address;
  vi.useFakeTimers({ toFake: ['setInterval', 'performance'] });
  onTestFinished(() => void vi.useRealTimers());
  // The reply to PING is waited for so long.
  const shop = newShop(at, line.address, undefined, 2_000);
  await shop.login('alice', 'wonderland');
  onTestFinished(() => shop.close());
  const watch = watched(shop);
  await watch.next('1=5');
  await vi.waitFor(() => expect(vi.getTimerCount()).toBeGreaterThan(0));
  expect(fake.commands.flat()).not.toContain('PING');
  await vi.advanceTimersByTimeAsync(15_000);
  await watch.next('lost', 'back');
  expect(fake.commands.flat()).toContain('PING');
  await watch.end();
});

test('an item whose name cannot be asked for now is not forgotten: the connection is made anew', async () => {
  const line = await badLine();
  let asked = 0;
  const fake = await fakeServer(([verb]) => {
    if (verb === 'LOGIN') return { token: 't0', user: 'alice', since: 5 };
    if (verb === 'RESUME') return { user: 'alice', since: 5 };
    if (verb === 'SUBSCRIBE') return new Raw(CONFIRMATION + message('[]'));
    if (verb !== 'INVENTORY') return undefined;
    asked++;
    if (asked === 1) return new Raw(ITEMS + message('[{"upc":3,"available":3}]'));
    return asked <= 4
      ? new Raw('-UNAVAILABLE the data is away\r\n')
      : [{ upc: 3, name: 'three', available: 3 }];
  });
  line.target = fake.address;
  const shop = newShop(at, line.address);
  await shop.login('alice', 'wonderland');
  onTestFinished(() => shop.close());
  const watch = watched(shop);
  await watch.next('1=5');
  expect(await watch.word()).toContain('data');
  await watch.next('3=3', '1 gone', 'back');
  await watch.end();
});

test('a message that makes no sense counts as a lost connection', async () => {
  const line = await badLine();
  const other = '>1\r\n$5\r\nother\r\n';
  const payloads = ['[{"upc":1,"available":4}]', '[{"upc":1,"available":-4}]'];
  const fake = await fakeServer(([verb]) => {
    if (verb === 'LOGIN') return { token: 't0', user: 'alice', since: 5 };
    if (verb === 'RESUME') return { user: 'alice', since: 5 };
    // A message behind the reply, in the same bytes, is newer than the reply.
    if (verb === 'INVENTORY') return new Raw(ITEMS + message(payloads.shift() ?? '[]'));
    if (verb === 'SUBSCRIBE') return new Raw(CONFIRMATION + other + message('[]'));
    return undefined;
  });
  line.target = fake.address;
  const shop = newShop(at, line.address);
  await shop.login('alice', 'wonderland');
  onTestFinished(() => shop.close());
  const watch = watched(shop);
  // What is no message is passed over. The second connection tells a level that cannot be.
  await watch.next('1=5', '1=4');
  line.cut();
  await watch.next('lost', '1=5', 'back');
  await watch.next('lost');
  await watch.end();
});

test.for(['HELLO', 'RESUME', 'SUBSCRIBE', 'INVENTORY'])(
  'it ends at once while the reply to %s is waited for',
  { timeout: 20_000 },
  async (silent) => {
    const isSilent = Promise.withResolvers<void>();
    let isLoggedIn = false;
    const { address } = await fakeServer(([verb]) => {
      if (isLoggedIn && verb === silent) {
        isSilent.resolve();
        return SILENCE;
      }
      if (verb === 'LOGIN') return { token: 't', user: 'alice', since: 1 };
      if (verb === 'RESUME') return { user: 'alice', since: 1 };
      if (verb === 'SUBSCRIBE') return new Raw(CONFIRMATION + message('[]'));
      return verb === 'INVENTORY' ? [] : undefined;
    });
    await newShop(at, address).login('alice', 'x');
    isLoggedIn = true;
    // Longer than this test may take.
    const watch = watched(newShop(at, address, undefined, 60_000));
    await isSilent.promise;
    await watch.end();
  },
);
