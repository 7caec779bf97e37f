/** ioredis and iovalkey: node ioredis.ts PACKAGE PORT CUT_PORT */
import {
  CUT_PORT,
  cut,
  errorOf,
  expect,
  field,
  isReplayed,
  PIPELINED,
  PORT,
  restart,
  step,
  untilAnswered,
} from './steps.ts';

const [name] = process.argv.slice(2) as [string];
const { Redis } = (await import(name)) as typeof import('ioredis');

function connect(port: number) {
  const client = new Redis({ host: '127.0.0.1', port, username: 'alice', password: 'wonderland' });
  client.on('error', () => undefined);
  return client;
}

const shop = connect(PORT);
const buy = ['1001', '2', 'ORDER', 'buy-1'];
let at: unknown;

await step('connect', async () => {
  expect((await shop.ping()) === 'PONG', 'no PONG');
  expect(field(await shop.call('WHOAMI'), 'user') === 'alice', 'not alice');
  return undefined;
});
await step('inventory', async () => {
  const [item] = (await shop.call('INVENTORY', '1001')) as unknown[];
  expect(field(item, 'name') === 'Käse', item);
  return undefined;
});
await step('purchase', async () => {
  const receipt = await shop.call('PURCHASE', buy);
  at = field(receipt, 'at');
  expect(field(receipt, 'order') === 'buy-1' && !isReplayed(receipt), receipt);
  return undefined;
});
await step('replay', async () => {
  const receipt = await shop.call('PURCHASE', buy);
  expect(isReplayed(receipt) && field(receipt, 'at') === at, receipt);
  return undefined;
});
await step('refusal', async () => {
  const error = await errorOf(shop.call('PURCHASE', '1002', '9', 'ORDER', 'refused-1'));
  expect(error.message.startsWith('NOSTOCK '), error.message);
  return error.name;
});
await step('pipeline', async () => {
  const pipeline = shop.pipeline();
  for (let index = 0; index < PIPELINED; index++) {
    pipeline.call('PURCHASE', '1001', '1', 'ORDER', `pipe-${index}`);
  }
  const replies = (await pipeline.exec()) ?? [];
  expect(
    replies.length === PIPELINED &&
      replies.every(([error, receipt], index) => {
        return error === null && field(receipt, 'order') === `pipe-${index}`;
      }),
    replies[0],
  );
  return undefined;
});
await step('transaction', async () => {
  const replies = await shop
    .multi()
    .call('PURCHASE', '1001', '1', 'ORDER', 'tx-1')
    .call('PURCHASE', '1001', '1', 'ORDER', 'tx-2')
    .exec();
  expect(replies?.length === 2 && field(replies[1]?.[1], 'order') === 'tx-2', replies);
  return undefined;
});
await step('abort', async () => {
  const transaction = shop
    .multi()
    .call('PURCHASE', '1001', '1', 'ORDER', 'abort-1')
    .call('PURCHASE', '1001', 'none');
  const error = await errorOf(transaction.exec());
  expect(error.message.startsWith('EXECABORT '), error.message);
  return error.name;
});
await step('restart', async () => {
  await restart();
  const [receipt, errors] = await untilAnswered(() => shop.call('ORDER', 'buy-1'));
  expect(field(receipt, 'at') === at, receipt);
  return errors;
});
await step('cut', async () => {
  const other = connect(CUT_PORT);
  const remark = await cut(() => other.call('PURCHASE', '1001', '1', 'ORDER', 'cut-1'));
  other.disconnect();
  return remark;
});
await step('close', async () => {
  await shop.quit();
  return undefined;
});
process.exit();
