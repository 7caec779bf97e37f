/** What the operator's commands take of a large shop, and how long its buyers wait meanwhile. */
import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { ITEMS, inFolder, stockOf, UNITS } from '../measure.ts';
import { catalogOf } from '../peers/inv.ts';
import type { RunningPeer, Stock } from '../peers/peer.ts';
import { postgresMissing } from '../peers/postgres.ts';
import { rounded, thousands } from '../report.ts';
import { Asker } from './asker.ts';
import { runCommand } from './command.ts';
import { type Sale, whileSelling } from './paced-sale.ts';
import { databasePlace, filePlace, type Place } from './places.ts';
import { type Plan, type Row, verdict } from './plan.ts';

const FEW = stockOf(ITEMS);

/** The longest that a buyer may wait for an operator, in milliseconds. */
const LONGEST_WAIT = 50;

const RESTOCKS = 10;

/** How long the buyers are watched while nothing else goes on, in milliseconds. */
const QUIET_MS = 5_000;

export async function operatorWork(plan: Plan): Promise<Row[]> {
  const rows: Row[] = [];
  for (const place of [filePlace, ...(postgresMissing() === null ? [databasePlace] : [])]) {
    rows.push(...(await inFolder(async (folder) => onePlace(folder, place, manyOrders, plan))));
    rows.push(...(await inFolder(async (folder) => onePlace(folder, place, manyItems, plan))));
  }
  return rows;
}

async function onePlace(
  folder: string,
  open: (folder: string) => Place | Promise<Place>,
  measure: (place: Place, folder: string, plan: Plan, add: AddRow) => Promise<void>,
  plan: Plan,
): Promise<Row[]> {
  const place = await open(folder);
  const rows: Row[] = [];
  try {
    await measure(place, folder, plan, (what, figures, target = '', isReached = null) => {
      const row = [`${place.name}: ${what}`, figures, target] as const;
      console.log(row.join('; '));
      rows.push([...row, isReached === null ? '' : verdict(isReached)]);
    });
  } finally {
    await place.stop();
  }
  return rows;
}

type AddRow = (what: string, figures: string, target?: string, isReached?: boolean | null) => void;

async function manyOrders(place: Place, folder: string, plan: Plan, add: AddRow): Promise<void> {
  const orders = thousands(plan.orders);
  await (await place.serve(FEW)).stop();
  await place.addOrders(FEW, plan.orders);
  const at = ['--data', place.data];

  const verify = await runCommand('serve', 'verify', '--json', ...at);
  add(
    `inv serve verify of ${orders} orders, s, and CPU s`,
    `${rounded(verify.seconds, 1)}, ${rounded(verify.cpuSeconds, 1)}`,
    '< 60',
    verify.seconds < 60,
  );
  const sales = await runCommand('serve', 'sales', '--csv', ...at);
  add(
    `inv serve sales --csv of ${orders} orders, s, and MB resident at most`,
    `${rounded(sales.seconds, 1)}, ${rounded(sales.residentMegabytes, 0)}`,
    '< 200 MB',
    sales.residentMegabytes < 200,
  );

  const server = await place.serve(FEW);
  const backUp = async () => {
    const file = join(folder, 'backup.db');
    const { seconds } = await runCommand('serve', 'backup', file, ...at);
    rmSync(file);
    return seconds;
  };
  const idle = await backUp();
  const quiet = await whileSelling(portOf(server), FEW.upcs, () => pause(QUIET_MS));
  add('longest wait of a buyer for nothing, ms, and p99', waits(quiet));
  const sale = await whileSelling(portOf(server), FEW.upcs, backUp);
  add(
    `inv serve backup of ${orders} orders, s: idle, and under ${thousands(sale.perSecond)} purchases a second`,
    `${rounded(idle, 1)}, ${rounded(sale.result, 1)}`,
    '≤ 3 times',
    sale.result <= 3 * idle,
  );
  addWait(add, 'for that backup', sale);
  await server.stop();
}

async function manyItems(place: Place, folder: string, plan: Plan, add: AddRow): Promise<void> {
  const items = thousands(plan.items);
  const many: Stock = { upcs: { first: FEW.upcs.first, count: plan.items }, units: UNITS };
  const server = await place.serve(FEW);
  const change = await whileSelling(portOf(server), FEW.upcs, () =>
    changeCatalog(place, folder, server, many),
  );
  addWait(add, `for a catalogue of ${items} new items`, change);
  await server.stop();
  await place.addLogins(plan.items);

  const start = performance.now();
  const again = await place.serve(many);
  const seconds = (performance.now() - start) / 1000;
  add(`start with ${items} items and as many logins, s`, rounded(seconds), '< 1', seconds < 1);
  const restocked = await whileSelling(portOf(again), many.upcs, async () => {
    for (let count = 0; count < RESTOCKS; count++) {
      const upc = String(many.upcs.first + count);
      const what = ['--upc', upc, '--units', '+5', '--reason', 'delivery', '--data', place.data];
      await runCommand('serve', 'restock', ...what);
    }
  });
  addWait(add, `for ${RESTOCKS} restocks, ${items} items`, restocked);
  await again.stop();
}

function addWait(add: AddRow, what: string, sale: Sale): void {
  const isReached = sale.longest < LONGEST_WAIT;
  add(`longest wait of a buyer ${what}, ms, and p99`, waits(sale), `< ${LONGEST_WAIT}`, isReached);
}

function waits({ longest, p99 }: Sale): string {
  return `${rounded(longest)}, ${rounded(p99)}`;
}

/** Resolves when the last item of the new catalogue is sold. */
async function changeCatalog(
  { catalog }: Place,
  folder: string,
  server: RunningPeer,
  stock: Stock,
): Promise<void> {
  const next = join(folder, 'next.json');
  writeFileSync(next, JSON.stringify(catalogOf(stock)));
  renameSync(next, catalog);
  process.kill(server.pids[0] as number, 'SIGHUP');
  const asker = await Asker.open(portOf(server));
  const last = String(stock.upcs.first + stock.upcs.count - 1);
  const isSold = () =>
    asker.ask('INVENTORY', last).then(
      () => true,
      () => false,
    );
  while (!(await isSold())) await pause(20);
  asker.close();
}

function portOf({ ports }: RunningPeer): number {
  return ports[0] as number;
}
