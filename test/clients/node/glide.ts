/** Valkey GLIDE: node glide.ts RESP PORT CUT_PORT */
import { Batch, GlideClient, ProtocolVersion } from '@valkey/valkey-glide';
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

const [version] = process.argv.slice(2);

function connect(port: number) {
  return GlideClient.createClient({
    addresses: [{ host: '127.0.0.1', port }],
    credentials: { username: 'alice', password: 'wonderland' },
    protocol: version === '2' ? ProtocolVersion.RESP2 : ProtocolVersion.RESP3,
    requestTimeout: 5_000,
  });
}

/** Valkey GLIDE gives a map of RESP3 as a list of pairs. */
function plain(reply: unknown): unknown {
  if (!Array.isArray(reply) || typeof reply[0] !== 'object' || reply[0]?.key === undefined) {
    return reply;
  }
  return Object.fromEntries(reply.map(({ key, value }) => [String(key), value]));
}

let shop: GlideClient;
const ask = async (words: string[], client = shop) => plain(await client.customCommand(words));
const buy = ['PURCHASE', '1001', '2', 'ORDER', 'buy-1'];
let at: unknown;

await step('connect', async () => {
  shop = await connect(PORT);
  expect((await shop.ping()) === 'PONG', 'no PONG');
  expect(field(await ask(['WHOAMI']), 'user') === 'alice', 'not alice');
  return undefined;
});
await step('inventory', async () => {
  const [item] = (await ask(['INVENTORY', '1001'])) as unknown[];
  expect(field(plain(item), 'name') === 'Käse', item);
  return undefined;
});
await step('purchase', async () => {
  const receipt = await ask(buy);
  at = field(receipt, 'at');
  expect(field(receipt, 'order') === 'buy-1' && !isReplayed(receipt), receipt);
  return undefined;
});
await step('replay', async () => {
  const receipt = await ask(buy);
  expect(isReplayed(receipt) && field(receipt, 'at') === at, receipt);
  return undefined;
});
await step('refusal', async () => {
  const error = await errorOf(ask(['PURCHASE', '1002', '9', 'ORDER', 'refused-1']));
  expect(error.message.includes('NOSTOCK'), error.message);
  return error.constructor.name;
});
await step('pipeline', async () => {
  const batch = new Batch(false);
  for (let index = 0; index < PIPELINED; index++) {
    batch.customCommand(['PURCHASE', '1001', '1', 'ORDER', `pipe-${index}`]);
  }
  const replies = (await shop.exec(batch, true)) ?? [];
  expect(
    replies.length === PIPELINED &&
      replies.every((receipt, index) => field(plain(receipt), 'order') === `pipe-${index}`),
    replies[0],
  );
  return undefined;
});
await step('transaction', async () => {
  const batch = new Batch(true)
    .customCommand(['PURCHASE', '1001', '1', 'ORDER', 'tx-1'])
    .customCommand(['PURCHASE', '1001', '1', 'ORDER', 'tx-2']);
  const replies = (await shop.exec(batch, true)) ?? [];
  expect(replies.length === 2 && field(plain(replies[1]), 'order') === 'tx-2', replies);
  return undefined;
});
await step('abort', async () => {
  const batch = new Batch(true)
    .customCommand(['PURCHASE', '1001', '1', 'ORDER', 'abort-1'])
    .customCommand(['PURCHASE', '1001', 'none']);
  return (await errorOf(shop.exec(batch, true))).constructor.name;
});
await step('restart', async () => {
  await restart();
  const [receipt, errors] = await untilAnswered(() => ask(['ORDER', 'buy-1']));
  expect(field(receipt, 'at') === at, receipt);
  return errors;
});
await step('cut', async () => {
  const other = await connect(CUT_PORT);
  const remark = await cut(() => ask(['PURCHASE', '1001', '1', 'ORDER', 'cut-1'], other));
  other.close();
  return remark;
});
await step('close', async () => {
  shop.close();
  return undefined;
});
process.exit();
