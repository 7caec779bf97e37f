/** The subscriber notices a server that tells levels which are not so. */
import { expect, test, vi } from 'vitest';
import { OK } from '../../../src/protocol/encoder.ts';
import { fakeServer, Raw } from '../../shop/support/servers.ts';
import { LevelSubscriber } from './level-subscriber.ts';
import { ShopLedger } from './shop-ledger.ts';

function push(...values: readonly string[]): string {
  return `>${values.length}\r\n${values.map((value) => `$${value.length}\r\n${value}\r\n`).join('')}`;
}

/** Subscribes to a server that tells these levels of item `upc`, and returns what the subscriber makes of it. */
async function toldOf(upc: number, told: readonly number[]) {
  const messages = told.map((available) =>
    push('message', 'stock', JSON.stringify([{ upc, available }])),
  );
  const bytes = `${push('subscribe', 'stock', '1')}${messages.join('')}`;
  const server = await fakeServer(([verb]) =>
    verb === 'AUTH' ? OK : verb === 'SUBSCRIBE' ? new Raw(bytes) : undefined,
  );
  const ledger = new ShopLedger();
  const subscriber = new LevelSubscriber('one', server.address.port, ['stock'], ledger);
  await vi.waitFor(() => expect(subscriber.messages).toBe(told.length), { timeout: 5_000 });
  const differences = [0, 4, 5].map((available) =>
    subscriber.differenceFrom(new Map([[upc, available]])),
  );
  await subscriber.stop();
  return { differences, violations: ledger.violations };
}

test('a level that is not the one in the database is told, with both', async () => {
  const { differences, violations } = await toldOf(1_001, [5, 4]);
  expect(differences).toEqual([
    'subscriber one: 1 levels are others, item 1001: told 4, in the database 0',
    null,
    'subscriber one: 1 levels are others, item 1001: told 4, in the database 5',
  ]);
  expect(violations).toEqual([]);
});

test('a level that goes back is a violation, but of items that come back', async () => {
  expect((await toldOf(1_001, [4, 5])).violations).toEqual([
    'item 1001: subscriber one was told 5 available after 4',
  ]);
  expect((await toldOf(7_001, [4, 5])).violations).toEqual([]);
});
