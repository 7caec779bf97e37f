/** node-redis: node node-redis.ts PACKAGE RESP PORT CUT_PORT */
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

const [name, version] = process.argv.slice(2) as [string, '2' | '3'];
const { createClient } = (await import(name)) as typeof import('redis');

function connect(port: number) {
  const client = createClient({
    RESP: version === '3' ? 3 : 2,
    username: 'alice',
    password: 'wonderland',
    socket: { host: '127.0.0.1', port },
  });
  client.on('error', () => undefined);
  return client.connect();
}

let shop: Awaited<ReturnType<typeof connect>>;
const buy = ['PURCHASE', '1001', '2', 'ORDER', 'buy-1'];
let at: unknown;

await step('connect', async () => {
  shop = await connect(PORT);
  expect((await shop.ping()) === 'PONG', 'no PONG');
  expect(field(await shop.sendCommand(['WHOAMI']), 'user') === 'alice', 'not alice');
  return undefined;
});
await step('inventory', async () => {
  const [item] = (await shop.sendCommand(['INVENTORY', '1001'])) as unknown[];
  expect(field(item, 'name') === 'Käse', item);
  return undefined;
});
await step('purchase', async () => {
  const receipt = await shop.sendCommand(buy);
  at = field(receipt, 'at');
  expect(field(receipt, 'order') === 'buy-1' && !isReplayed(receipt), receipt);
  return undefined;
});
await step('replay', async () => {
  const receipt = await shop.sendCommand(buy);
  expect(isReplayed(receipt) && field(receipt, 'at') === at, receipt);
  return undefined;
});
await step('refusal', async () => {
  const error = await errorOf(shop.sendCommand(['PURCHASE', '1002', '9', 'ORDER', 'refused-1']));
  expect(error.message.startsWith('NOSTOCK '), error.message);
  return error.constructor.name;
});
await step('pipeline', async () => {
  const ids = Array.from({ length: PIPELINED }, (_, index) => `pipe-${index}`);
  const receipts = await Promise.all(
    ids.map((id) => shop.sendCommand(['PURCHASE', '1001', '1', 'ORDER', id])),
  );
  expect(
    receipts.every((receipt, index) => field(receipt, 'order') === ids[index]),
    receipts[0],
  );
  return undefined;
});
await step('transaction', async () => {
  const receipts = await shop
    .multi()
    .addCommand(['PURCHASE', '1001', '1', 'ORDER', 'tx-1'])
    .addCommand(['PURCHASE', '1001', '1', 'ORDER', 'tx-2'])
    .exec();
  expect(receipts.length === 2 && field(receipts[1], 'order') === 'tx-2', receipts);
  return undefined;
});
await step('abort', async () => {
  const transaction = shop
    .multi()
    .addCommand(['PURCHASE', '1001', '1', 'ORDER', 'abort-1'])
    .addCommand(['PURCHASE', '1001', 'none']);
  return (await errorOf(transaction.exec())).constructor.name;
});
await step('restart', async () => {
  await restart();
  const [receipt, errors] = await untilAnswered(() => shop.sendCommand(['ORDER', 'buy-1']));
  expect(field(receipt, 'at') === at, receipt);
  return errors;
});
await step('cut', async () => {
  const other = await connect(CUT_PORT);
  const remark = await cut(() => other.sendCommand(['PURCHASE', '1001', '1', 'ORDER', 'cut-1']));
  other.destroy();
  return remark;
});
await step('close', async () => {
  await shop.close();
  return undefined;
});
process.exit();
