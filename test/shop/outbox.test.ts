import { expect, test } from 'vitest';
import { nameOf } from '../../src/client/address.ts';
import { ErrorReply } from '../../src/protocol/error-codes.ts';
import { isKept, settleOpenOrders } from '../../src/shop/outbox.ts';
import { KEPT, type OrderRequest } from '../../src/shop/state/state.ts';
import { type Answer, fakeServer } from './support/servers.ts';
import { KEY, newLocal, SENT, settlingAt } from './support/settling.ts';

const LINES = [{ upc: 1001, qty: 2 }];
const BOUGHT = [{ upc: 1001, name: 'Ticket', units: 5 }];
const NOT_LOST = Promise.resolve(null);

/** An account that has units, and these open orders at a server that answers each of their verbs so. */
async function open(requests: readonly OrderRequest[], answer: (words: string[]) => Answer) {
  const local = await newLocal();
  await local.enqueue(KEY, { kind: 'purchase', order: 'b', lines: LINES }, SENT);
  await local.complete(KEY, 'b', { kind: 'bought', items: BOUGHT });
  for (const request of requests) await local.enqueue(KEY, request, SENT);
  const server = await fakeServer((words) => {
    if (words[0] === 'HELLO') return undefined;
    if (words[0] === 'INVENTORY') return [{ upc: 1001, name: 'Ticket', available: 9 }];
    return answer(words);
  });
  const settling = await settlingAt(server, local);
  const left = async () => (await local.holdings(KEY))?.openOrders.map(({ order }) => order);
  const items = async () => (await local.holdings(KEY))?.items;
  return { settling, left, items, commands: server.commands };
}

const KINDS = {
  confirm: { kind: 'confirm', order: 'x', lines: LINES },
  return: { kind: 'return', order: 'x', of: 'b', lines: LINES },
  purchase: { kind: 'purchase', order: 'x', lines: LINES },
  hold: { kind: 'hold', order: 'x', lines: LINES, seconds: 60 },
} as const;

test.each([
  ['confirm', 'The open order x is settled: it bought nothing; there is no hold x of yours.'],
  ['return', 'The open return x is settled: it gave nothing back; there is no order b of yours.'],
] as const)('NOORDER settles an open %s, which names what is not there', async (kind, told) => {
  const { settling, left, items } = await open(
    [KINDS[kind]],
    () => new ErrorReply('NOORDER', 'no such order'),
  );
  await settleOpenOrders(settling, NOT_LOST);
  expect(settling.notes).toEqual([told]);
  expect(await left()).toEqual([]);
  expect(await items()).toEqual(BOUGHT);
});

test.each([
  ['purchase', 'Order x is still unconfirmed: no such order.'],
  ['hold', 'Hold x is still unconfirmed: no such order.'],
] as const)('NOORDER is no answer to an open %s, which stays open', async (kind, told) => {
  const { settling, left } = await open(
    [KINDS[kind]],
    () => new ErrorReply('NOORDER', 'no such order'),
  );
  await settleOpenOrders(settling, NOT_LOST);
  expect(settling.notes).toEqual([told]);
  expect(await left()).toEqual(['x']);
});

test('a login that has ended ends the settling: nothing more is sent, and all stays open', async () => {
  const { settling, left, commands } = await open(
    [KINDS.purchase, { ...KINDS.purchase, order: 'y' }],
    () => new ErrorReply('NOAUTH', 'the login has ended'),
  );
  await expect(settleOpenOrders(settling, NOT_LOST)).rejects.toMatchObject({ code: 'NOAUTH' });
  expect(commands.filter(([verb]) => verb === 'PURCHASE')).toHaveLength(1);
  expect(settling.notes).toEqual([]);
  expect((await left())?.sort()).toEqual(['x', 'y']);
});

test('an order that cannot be decided now stays open, and the next one is settled', async () => {
  const { settling, left } = await open(
    [KINDS.purchase, { ...KINDS.purchase, order: 'y' }],
    (words) =>
      words.at(-1) === 'x'
        ? new ErrorReply('UNAVAILABLE', 'the store could not commit')
        : new ErrorReply('NOSTOCK', 'too little stock: 1001 asked 2 available 1'),
  );
  await settleOpenOrders(settling, NOT_LOST);
  expect(settling.notes).toEqual([
    'Order x is still unconfirmed: the server cannot reach its data.',
    expect.stringMatching(
      /^The open order y is settled: it bought nothing; not enough stock: 2 × 1001 ordered, 1 left\.$/,
    ),
  ]);
  expect(await left()).toEqual(['x']);
});

test.each([
  ['of this shop', 'a', 'a', false],
  ['of another history of the shop', 'a', 'b', true],
  ['of a shop that tells no history', 'a', '', false],
  ['of before histories were told', '', 'a', false],
  ['of a shop that never told one', '', '', false],
  ['that was written down as kept', KEPT, 'a', true],
  ['that was written down as kept, of a shop that tells no history', KEPT, '', true],
])('an order %s: sent, or kept', (_, ofOrder, ofShop, kept) => {
  const server = { host: 'localhost', port: 5050 };
  const order = { ...KINDS.purchase, senders: 0, since: ofOrder, server: nameOf(server) };
  expect(isKept(order, server, ofShop)).toBe(kept);
  expect(isKept(order, { ...server, port: 5051 }, ofShop)).toBe(true);
});
