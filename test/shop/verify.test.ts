import { expect, test } from 'vitest';
import { ConnectionLost } from '../../src/client/errors.ts';
import { MAX_ORDERS_COUNT } from '../../src/protocol/limits.ts';
import type { LocalInventory } from '../../src/shop/state/local-inventory.ts';
import { verify } from '../../src/shop/verify.ts';
import { type Answer, fakeServer } from './support/servers.ts';
import { KEY, newLocal, SENT, settlingAt } from './support/settling.ts';

/** An entry of ORDERS: a unit of 1001, unless it says otherwise. */
const entry = (order: string, more: object = {}) => ({
  ...{ order, at: 1, refusal: null, lines: [{ upc: 1001, qty: 1, available: 1 }] },
  ...more,
});

/** A server that tells these orders, the newest first, and this machine's account there. `meanwhile` comes before each page. */
async function place(
  orders: readonly ReturnType<typeof entry>[],
  meanwhile: (local: LocalInventory) => Promise<unknown> = async () => undefined,
) {
  const local = await newLocal();
  const server = await fakeServer(async (words): Promise<Answer | undefined> => {
    const [verb, , count, , before] = words;
    if (verb === 'INVENTORY') return [{ upc: 1001, name: 'Ticket', available: 9 }];
    if (verb !== 'ORDERS') return undefined;
    await meanwhile(local);
    const from = orders.findIndex(({ order }) => order === before) + 1;
    return orders.slice(from, from + Number(count));
  });
  const settling = await settlingAt(server, local);
  const asked = () => server.commands.filter(([verb]) => verb === 'ORDERS');
  return { local, asked, verify: (repair = false) => verify({ ...settling, repair }) };
}

/** Another process of this machine buys a unit under `order`. */
async function buy(local: LocalInventory, order: string): Promise<void> {
  await local.enqueue(KEY, { kind: 'purchase', order, lines: [{ upc: 1001, qty: 1 }] }, SENT);
  const items = [{ upc: 1001, name: 'Ticket', units: 1 }];
  await local.complete(KEY, order, { kind: 'bought', items });
}

test('a customer with more orders than a page has is told of all of them', async () => {
  const many = Array.from({ length: 2 * MAX_ORDERS_COUNT + 1 }, (_, index) => entry(`o${index}`));
  const { verify, asked } = await place(many);
  expect(await verify()).toMatchObject({
    ok: false,
    differences: [{ upc: 1001, name: 'Ticket', local: 0, server: many.length }],
  });
  const count = String(MAX_ORDERS_COUNT);
  expect(asked()).toEqual([
    ['ORDERS', 'COUNT', count],
    ['ORDERS', 'COUNT', count, 'BEFORE', `o${MAX_ORDERS_COUNT - 1}`],
    ['ORDERS', 'COUNT', count, 'BEFORE', `o${2 * MAX_ORDERS_COUNT - 1}`],
  ]);
});

test('what is bought and returned counts, and what is held or refused does not', async () => {
  const { verify, local } = await place([
    entry('back', { state: 'returned', of: 'two' }),
    entry('held', { state: 'held', until: 2_000 }),
    entry('none', { state: 'refused', refusal: 'NOSTOCK too little stock' }),
    entry('two', { lines: [{ upc: 1001, qty: 2, available: 1 }] }),
  ]);
  await buy(local, 'two');
  expect(await verify()).toMatchObject({ ok: true, differences: [], unknownOrders: [] });
});

test('what another process buys during the comparison is no difference', async () => {
  let isBought = false;
  const { verify, asked } = await place([entry('now')], async (local) => {
    if (!isBought) await buy(local, 'now');
    isBought = true;
  });
  expect(await verify()).toMatchObject({ ok: true, differences: [] });
  expect(asked()).toHaveLength(2);
});

test('who buys all the time is asked to try again', async () => {
  let bought = 0;
  const { verify } = await place([], (local) => buy(local, `o${bought++}`));
  await expect(verify()).rejects.toMatchObject({ code: 'BUSY', exit: 1 });
  await expect(verify(true)).rejects.toMatchObject({ code: 'BUSY', exit: 1 });
});

test('a server that tells an order twice is not believed', async () => {
  const { verify, local } = await place([entry('a'), entry('a')]);
  await buy(local, 'a');
  await buy(local, 'b');
  await expect(verify(true)).rejects.toEqual(new ConnectionLost('it told order a twice', true));
  expect((await local.holdings(KEY))?.items).toMatchObject([{ units: 2 }]);
});
