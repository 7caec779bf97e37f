/**
 * The crash campaign over PostgreSQL: two servers and their database under load, each killed with -9
 * at random, also several at once. In every round some are killed; then everybody settles what is
 * open, and the database is held against the load's ledger, and what both servers answer.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { type Count, newMarket, nextRound, startBuyers } from '../kill/buyer.ts';
import { KEPT_ITEMS, writeCatalog } from '../kill/catalog.ts';
import { checkAcknowledgedUnits, checkFile, checkWire } from '../kill/checks.ts';
import { startHolders } from '../kill/holder.ts';
import { outcomesOf } from '../kill/ledger.ts';
import { Random } from '../support/random.ts';
import { Cluster } from './cluster.ts';
import { Gates } from './gates.ts';
import { PatientLedger } from './patient-ledger.ts';

/** Clients that hold and give back, beside the others. */
const HOLDERS = 3;

export interface CampaignOptions {
  readonly kills: number;
  readonly seed: number;
  readonly clients: number;
  /** A synchronous standby takes over whenever the primary dies. */
  readonly withStandby: boolean;
  /** The load before a kill lasts at most this long. */
  readonly maxLoadMs?: number;
  /** On a slow machine a few kills meet little: up to six times as many, until so many orders are bought. */
  readonly leastBought?: number;
  readonly progress?: (line: string) => void;
}

export type Victim = 'a server' | 'the database';

export interface Report {
  readonly violations: readonly string[];
  readonly kills: Readonly<Record<Victim, number>>;
  readonly counts: Readonly<Record<Count, number>>;
  readonly bought: number;
  readonly refused: number;
  readonly ordersInDatabase: number;
}

export async function runCampaign(options: CampaignOptions): Promise<Report> {
  const { seed, clients, withStandby, maxLoadMs = 500, leastBought = 0 } = options;
  const { progress = () => undefined } = options;
  const folder = mkdtempSync(join(tmpdir(), 'inv-crash-'));
  const catalog = join(folder, 'catalog.json');
  writeCatalog(catalog, KEPT_ITEMS);
  const random = new Random(seed);
  const gates = new Gates(random);
  const ledger = new PatientLedger();
  const market = newMarket(ledger, gates);
  market.mayBeAway = true;
  const kills = { 'a server': 0, 'the database': 0 };
  const killed = () => kills['a server'] + kills['the database'];
  let ordersInDatabase = 0;

  await using cluster = await Cluster.start(catalog, gates, withStandby);
  const kill = async () => {
    const drawn = random.weighted({ 'a server': withStandby ? 1 : 2, 'the database': 1 } as const);
    // A short campaign must meet the database too. A server may be killed beside each one drawn
    // here, so the last one that is drawn is one of the last two.
    const unmet = killed() >= options.kills - 2 && kills['the database'] === 0;
    const victim = unmet ? 'the database' : drawn;
    kills[victim]++;
    const downMs = random.chance(0.5) ? 0 : random.below(400);
    if (victim === 'a server') await cluster.killServer(random.below(2), downMs);
    else await cluster.killDatabase(downMs);
  };

  const goesOn = () =>
    killed() < options.kills ||
    (killed() < 6 * options.kills && outcomesOf(ledger).bought < leastBought);
  while (goesOn() && ledger.violations.length === 0) {
    nextRound(market);
    market.closing = false;
    const buyers = startBuyers(clients, seed + market.round, market);
    const holders = startHolders(HOLDERS, seed + market.round, market);
    const load = Promise.all([...buyers, ...holders]).catch((error) =>
      ledger.violation(`a client failed: ${error.stack}`),
    );
    for (let left = random.between(1, 4); left > 0 && goesOn(); left--) {
      await pause(random.chance(0.2) ? random.below(20) : random.between(20, maxLoadMs));
      // Sometimes another one dies while this one comes back; the database only when it is whole.
      const both = random.chance(0.3) && killed() + 1 < options.kills;
      const second = both
        ? pause(random.below(300)).then(() => killServer(cluster, kills, random))
        : null;
      await kill();
      await second;
    }
    await pause(random.below(maxLoadMs));
    market.closing = true;
    await load;

    for (const fault of await cluster.stopServers()) ledger.violation(fault);
    const rows = await cluster.rows();
    ordersInDatabase = checkFile(ledger, rows);
    checkAcknowledgedUnits(ledger);
    await cluster.startServers();
    const { orders, logins } = ledger.takeNews();
    const alive = [...ledger.logins.values()].filter(({ state }) => state === 'alive');
    for (const port of cluster.ports) {
      await checkWire(ledger, port, { orders, logins: [...logins, ...alive.slice(-100)] }, rows);
    }
    const result = ledger.violations.length === 0 ? 'nothing wrong' : 'VIOLATIONS';
    progress(`${killed()} kills, ${ledger.orders.size} orders: ${result}`);
  }

  rmSync(folder, { recursive: true });
  const entries = [...ledger.orders.values()];
  const open = entries.filter(({ outcome }) => outcome === null).length;
  if (open > 0) ledger.violation(`${open} orders have no outcome at the end`);
  return {
    violations: ledger.violations,
    kills,
    counts: market.counts,
    ...outcomesOf(ledger),
    ordersInDatabase,
  };
}

async function killServer(
  cluster: Cluster,
  kills: Record<Victim, number>,
  random: Random,
): Promise<void> {
  kills['a server']++;
  await cluster.killServer(random.below(2), 0);
}
