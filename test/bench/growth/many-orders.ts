/** A data file that holds millions of orders, beside one that holds none. */
import { join } from 'node:path';
import { ITEMS, inFolder, load, stockOf } from '../measure.ts';
import { catalogOf } from '../peers/inv.ts';
import type { RunningPeer } from '../peers/peer.ts';
import { rounded, thousands } from '../report.ts';
import { addOrders } from './add-orders.ts';
import { Asker } from './asker.ts';
import { Notes, type Plan, type Row, startOn, verdict } from './plan.ts';

const STOCK = stockOf(ITEMS);
const USERS = ['alice', 'bob', 'carol'];
const SHAPES = [
  { connections: 50, inFlight: 1 },
  { connections: 50, inFlight: 16 },
];
/** Questions asked one after the other on a server that is otherwise idle. */
const QUESTIONS = 2_000;

export function manyOrders(plan: Plan): Promise<Row[]> {
  return inFolder(async (folder) => {
    const start = performance.now();
    await (await startOn(folder, 'many.db', STOCK)).stop();
    const ids = addOrders(join(folder, 'many.db'), catalogOf(STOCK), USERS, plan.orders);
    const orders = thousands(plan.orders);
    console.log(`${orders} orders written in ${rounded((performance.now() - start) / 1000)} s`);
    const notes = await rates(plan, folder);
    const rows = SHAPES.map(({ connections, inFlight }): Row => {
      const name = `${connections}x${inFlight}`;
      const many = notes.median(`${name}, many orders`);
      const none = notes.median(`${name}, no orders`);
      const what = `rate at ${name} with ${orders} orders, ${thousands(many)}/s, divided by that with none, ${thousands(none)}/s`;
      const ratio = notes.ratio(`${name}, many orders`, `${name}, no orders`);
      return [what, rounded(ratio), '≥ 0.8', verdict(ratio >= 0.8)];
    });
    const resident = notes.largest('resident MB');
    rows.push(['resident size, MB', rounded(resident, 0), '< 256', verdict(resident < 256)]);
    const server = await startOn(folder, 'many.db', STOCK);
    rows.push(...(await questions(server, ids)));
    await server.stop();
    return rows;
  });
}

async function rates(plan: Plan, folder: string): Promise<Notes> {
  const notes = new Notes();
  for (let round = 1; round <= plan.rounds; round++) {
    for (const shape of SHAPES) {
      const name = `${shape.connections}x${shape.inFlight}`;
      const none = await startOn(folder, `none-${round}-${name}.db`, STOCK);
      const without = await load('inv', none, STOCK.upcs, shape, plan);
      await none.stop();
      notes.add(`${name}, no orders`, without.perSecond);
      const many = await startOn(folder, 'many.db', STOCK);
      const withMany = await load('inv', many, STOCK.upcs, shape, plan);
      await many.stop();
      notes.add(`${name}, many orders`, withMany.perSecond);
      notes.add('resident MB', withMany.residentMegabytes ?? 0);
    }
  }
  return notes;
}

/** Round trips on an idle server; a PING's is what the way alone takes. */
async function questions(server: RunningPeer, ids: readonly string[]): Promise<Row[]> {
  const asker = await Asker.open(server.ports[0] as number);
  const some = Array.from({ length: QUESTIONS }, (_, i) => ids[(i * 7919) % ids.length] as string);
  const asked: [string, string[][]][] = [
    ['PING', some.map(() => ['PING'])],
    ['ORDER of a random order', some.map((id) => ['ORDER', id])],
    ['ORDERS (the newest 20)', some.map(() => ['ORDERS'])],
    ['ORDERS BEFORE a random order', some.map((id) => ['ORDERS', 'BEFORE', id])],
  ];
  const rows: Row[] = [];
  for (const [name, commands] of asked) {
    // Once to warm up, once to measure.
    await asker.time(commands.slice(0, QUESTIONS / 4));
    const latencies = await asker.time(commands);
    const [p50, p99] = [latencies.percentile(0.5), latencies.percentile(0.99)];
    const what = `${name}, round trip on an idle server, ms: p50, p99`;
    const figures = `${rounded(p50)}, ${rounded(p99)}`;
    rows.push(name === 'PING' ? [what, figures, '', ''] : [what, figures, '< 1', verdict(p50 < 1)]);
  }
  asker.close();
  return rows;
}
