import { expect, test } from 'vitest';
import { OutcomeUnknown } from '../../src/inventory/store.ts';
import { startServer } from '../support/in-process.ts';
import { commands } from '../support/raw-client.ts';
import { storeAround } from '../support/store-around.ts';

test('when the store does not know what became of a batch, its clients are told nothing', async () => {
  let isKnown = true;
  await using server = await startServer({
    wrap: (store) =>
      storeAround(store, {
        settle: (requests) => {
          if (!isKnown) throw new OutcomeUnknown('the answer is lost');
          return store.settle(requests);
        },
      }),
  });
  await using client = await server.login();
  await using bystander = await server.login();
  isKnown = false;
  await client.send(commands('PURCHASE 1001 1 ORDER mine', 'PURCHASE 1001 1 ORDER later'));
  client.received = '';
  expect(await client.untilClosed()).toBe('');

  isKnown = true;
  expect(await bystander.ask('PING')).toBe('PONG');
  await using again = await server.login();
  expect(await again.ask('ORDER mine')).toMatchObject({ code: 'NOORDER' });
  expect(await again.ask('PURCHASE 1001 1 ORDER mine')).toMatchObject({ replayed: false });
});
