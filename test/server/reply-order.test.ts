/** The order of the replies, and of the decisions, when a request turns out to name an order of many lines. */
import { setImmediate } from 'node:timers/promises';
import { expect, test } from 'vitest';
import type { Item } from '../../src/inventory/catalog.ts';
import type { Request, RequestResult } from '../../src/inventory/model.ts';
import { MANY_LINES } from '../../src/inventory/order-work.ts';
import { type Store, StoreUnavailable } from '../../src/inventory/store.ts';
import { startServer, type TestServer } from '../support/in-process.ts';
import { commands, type Plain, type RawClient } from '../support/raw-client.ts';
import { storeAround } from '../support/store-around.ts';

const ITEMS: readonly Item[] = Array.from({ length: 60 }, (_, at) => ({
  upc: at + 1,
  name: `Item ${at + 1}`,
  units: 1_000,
  returns: true,
}));

const linesOf = (count: number, qty = 1) =>
  Array.from({ length: count }, (_, at) => `${at + 1} ${qty}`).join(' ');

const atOnce = (store: Store): Store => store;

/** Each batch waits for some turns, as beside another program that writes. Meanwhile those who only read are served. */
const held = (store: Store): Store =>
  storeAround(store, {
    settle: async (requests) => {
      for (let turn = 0; turn < 4; turn++) await setImmediate();
      return await store.settle(requests);
    },
  });

/** As over PostgreSQL: each batch waits, and nobody is served meanwhile. */
const heldForAll = (store: Store): Store =>
  storeAround(held(store), { settleMeanwhile: () => null });

/** `big` is of more lines than a batch reads without a second look. */
async function shop(wrap = atOnce): Promise<{ server: TestServer; alice: RawClient }> {
  const server = await startServer({ catalog: ITEMS, wrap });
  const alice = await server.login();
  await alice.ask(`PURCHASE ${linesOf(MANY_LINES + 1)} ORDER big`);
  await alice.ask('PURCHASE 1 1 ORDER small');
  return { server, alice };
}

/** The replies to some requests of one connection that are sent at once. */
async function asked(client: RawClient, ...lines: string[]): Promise<Plain[]> {
  await client.send(commands(...lines));
  return await client.replies(lines.length);
}

test.for([
  [
    ['MULTI', 'PING', 'EXEC'],
    ['OK', 'QUEUED', ['PONG']],
  ],
  [
    ['MULTI', 'EXEC'],
    ['OK', []],
  ],
  [
    ['PURCHASE 1 1 ORDER new', 'MULTI', 'EXEC'],
    [{ order: 'new' }, 'OK', []],
  ],
  [
    ['WHOAMI', 'PING'],
    [{ user: 'alice' }, 'PONG'],
  ],
  [['ORDER small'], [{ order: 'small' }]],
  [
    ['AUTH bob builder', 'ACL WHOAMI'],
    ['OK', 'bob'],
  ],
  [
    ['LOGOUT', 'WHOAMI'],
    ['OK', { code: 'NOAUTH' }],
  ],
  [
    ['RESUME none', 'ACL WHOAMI'],
    [{ code: 'NOSESSION' }, 'alice'],
  ],
  [
    ['HELLO 3 AUTH bob builder', 'ACL WHOAMI'],
    [{ server: 'inv' }, 'bob'],
  ],
] as const)('behind CONFIRM of a long order: %j', async ([lines, replies]) => {
  const { server, alice } = await shop();
  await using _ = server;
  await using __ = alice;
  expect(await asked(alice, 'CONFIRM big', ...lines)).toMatchObject([
    { order: 'big', replayed: true },
    ...replies,
  ]);
});

test('a RESUME behind one is another user only then', async () => {
  const { server, alice } = await shop();
  await using _ = server;
  await using __ = alice;
  await using bob = await server.connect();
  const [, token] = await bob.ask('LOGIN bob builder');
  for (let round = 0; round < 5; round++) {
    const replies = await asked(alice, 'CONFIRM big', `RESUME ${token}`, 'ACL WHOAMI');
    expect(replies).toMatchObject([{ order: 'big' }, { user: 'bob' }, 'bob']);
    await alice.ask('AUTH alice wonderland');
  }
});

/** Others ask for long lists at the same moment: then a batch has no room for all that takes much work. */
async function beside<Result>(server: TestServer, task: () => Promise<Result>): Promise<Result> {
  const others = await Promise.all(
    (['bob', 'carol', 'bob', 'carol'] as const).map((user) => server.login(user)),
  );
  const lists = Promise.all(others.map((other) => other.ask('ORDERS')));
  const result = await task();
  await lists;
  await Promise.all(others.map((other) => other[Symbol.asyncDispose]()));
  return result;
}

test('a long list behind a long order does not overtake it, however many others read', async () => {
  const { server, alice } = await shop();
  await using _ = server;
  await using __ = alice;
  for (let round = 0; round < 10; round++) {
    const replies = await beside(server, () =>
      asked(alice, 'CONFIRM big', 'WHOAMI', 'ORDER small', 'CONFIRM big', 'ORDERS COUNT 1'),
    );
    expect(replies).toMatchObject([
      { order: 'big' },
      { user: 'alice' },
      { order: 'small' },
      { order: 'big' },
      [{ order: expect.any(String) }],
    ]);
  }
});

test('what is released is there for the long purchase behind it', async () => {
  const { server, alice } = await shop();
  await using _ = server;
  await using __ = alice;
  const all = linesOf(59, 900);
  for (let round = 0; round < 10; round++) {
    await alice.ask(`HOLD ${all} FOR 300 ORDER h${round}`);
    const [released, bought] = await beside(server, () =>
      asked(alice, `RELEASE h${round}`, `PURCHASE ${all} ORDER p${round}`),
    );
    expect([released, bought]).toMatchObject(['OK', { order: `p${round}` }]);
    await alice.ask(`RETURN p${round} ${all} ORDER r${round}`);
  }
});

/** Numbers as of a dice that falls the same way in each run: from 0 to below `sides`. */
function dice(seed: number): (sides: number) => number {
  let state = seed;
  return (sides) => {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
    return Math.floor((state / 2 ** 31) * sides);
  };
}

/** Requests of any kind, on a few orders of which some are long; whole transactions. */
function pipeline(roll: (sides: number) => number): string[] {
  const order = () => `o${roll(6)}`;
  const lines = () => linesOf(roll(3) === 0 ? 34 + roll(25) : 1 + roll(3));
  const single = (): string => {
    const requests = [
      `PURCHASE ${lines()} ORDER ${order()}`,
      `HOLD ${lines()} FOR 300 ORDER ${order()}`,
      `CONFIRM ${order()}`,
      `RELEASE ${order()}`,
      `EXTEND ${order()} FOR 400`,
      `RETURN ${order()} 1 1 ORDER r${roll(4)}`,
      `ORDER ${order()}`,
      'CONFIRM big',
      'INVENTORY 1 2',
      'PING',
      'WHOAMI',
    ];
    return requests[roll(requests.length)] as string;
  };
  const list = ['ORDERS COUNT 2', 'HOLDS', 'INVENTORY'];
  return Array.from({ length: 30 }, () => {
    const kind = roll(8);
    if (kind === 0) return [list[roll(list.length)] as string];
    if (kind > 1) return [single()];
    return ['MULTI', ...Array.from({ length: roll(4) }, single), 'EXEC'];
  }).flat();
}

/** Replies without what differs between two runs: times, the sentence with a time in it, and the order of holds by their ends. */
function timeless(replies: readonly Plain[]): string[] {
  const byOrder = (holds: readonly { order: string }[]) =>
    holds.toSorted((one, other) => (one.order < other.order ? -1 : 1));
  return replies.map((reply) =>
    JSON.stringify(Array.isArray(reply) && reply[0]?.until ? byOrder(reply) : reply, (_, value) =>
      value > 1e12 ? 'a time' : value,
    ).replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'a time'),
  );
}

test('what is sent at once is decided and told as what is asked one by one', async () => {
  for (let seed = 1; seed <= 6; seed++) {
    const wrap = [atOnce, held, heldForAll][seed % 3];
    const [one, other] = [await shop(wrap), await shop()];
    await using _ = one.server;
    await using __ = other.server;
    const requests = pipeline(dice(seed));
    const replies = await beside(one.server, () => asked(one.alice, ...requests));
    const oneByOne: Plain[] = [];
    for (const request of requests) oneByOne.push(await other.alice.ask(request));
    expect(timeless(replies), `seed ${seed}: ${requests.join(' | ')}`).toEqual(timeless(oneByOne));
  }
});

test.for([
  ['held', held],
  ['held for all', heldForAll],
] as const)('many purchases behind a long order, while batches are %s', async ([, wrap]) => {
  const { server, alice } = await shop(wrap);
  await using _ = server;
  await using __ = alice;
  const orders = Array.from({ length: 30 }, (_, at) => `p${at}`);
  // In several pieces, so that they come while a batch waits.
  await alice.send(
    commands('CONFIRM big', ...orders.slice(0, 10).map((id) => `PURCHASE 1 1 ORDER ${id}`)),
  );
  for (const id of orders.slice(10)) {
    await setImmediate();
    await alice.send(commands(`PURCHASE 1 1 ORDER ${id}`));
  }
  const replies = await alice.replies(31);
  expect(replies.map((reply) => (reply as { order: string }).order)).toEqual(['big', ...orders]);
});

test('a purchase of what somebody has locked waits for the long order before it', async () => {
  const locked = (store: Store): Store =>
    storeAround(store, {
      settle: async (requests) => {
        const isLocked = (request: Request) =>
          request.kind === 'purchase' && request.lines[0]?.upc === 60;
        const others = requests.filter((request) => !isLocked(request));
        const outcomes = [...(await store.settle(others))];
        return requests.map((request) =>
          isLocked(request) ? new StoreUnavailable('locked') : (outcomes.shift() as RequestResult),
        );
      },
    });
  const { server, alice } = await shop(locked);
  await using _ = server;
  await using __ = alice;
  expect(await asked(alice, 'CONFIRM big', 'PURCHASE 60 1', 'PURCHASE 1 1 ORDER p')).toMatchObject([
    { order: 'big' },
    { code: 'UNAVAILABLE' },
    { order: 'p' },
  ]);
});
