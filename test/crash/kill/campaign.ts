/**
 * The crash campaign: a real server under load, killed with -9 at random moments and started again
 * on the same file. After each kill the file is held against the load's ledger, and after each start
 * what the server answers.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Random } from '../support/random.ts';
import { ServerProcess } from '../support/server-process.ts';
import { type Count, newMarket, nextRound, startBuyers } from './buyer.ts';
import { KEPT_ITEMS, writeCatalog } from './catalog.ts';
import { checkAcknowledgedUnits, checkFile, checkWire } from './checks.ts';
import { DataFile } from './data-file.ts';
import { Gate } from './gate.ts';
import { startHolders } from './holder.ts';
import { Ledger, outcomesOf } from './ledger.ts';

/** Clients that hold and give back, beside the others. */
const HOLDERS = 4;

export interface CampaignOptions {
  readonly kills: number;
  readonly seed: number;
  readonly clients: number;
  /** The load before a kill lasts at most this long. */
  readonly maxLoadMs?: number;
  /** On a slow machine a few kills meet little: up to four times as many, until the load amounts to this. */
  readonly isEnough?: (amounts: Amounts) => boolean;
  readonly progress?: (line: string) => void;
}

/** What the load came to. */
export interface Amounts {
  readonly counts: Readonly<Record<Count, number>>;
  readonly bought: number;
  readonly refused: number;
}

export interface Report extends Amounts {
  readonly violations: readonly string[];
  /** Kills of a server that was just starting; they come on top of the others. */
  readonly killsAtStart: number;
  readonly ordersOnDisk: number;
  /** The folder with the data file; it stays when something was wrong. */
  readonly folder: string;
}

export async function runCampaign(options: CampaignOptions): Promise<Report> {
  const { kills, seed, clients, maxLoadMs = 500, isEnough = () => true } = options;
  const { progress = () => undefined } = options;
  const folder = mkdtempSync(join(tmpdir(), 'inv-crash-'));
  const data = join(folder, 'inventory.db');
  const catalog = join(folder, 'catalog.json');
  writeCatalog(catalog, KEPT_ITEMS);

  const random = new Random(seed);
  const gate = new Gate();
  const ledger = new Ledger();
  const market = newMarket(ledger, gate);
  const load = [...startBuyers(clients, seed, market), ...startHolders(HOLDERS, seed, market)];
  const loadEnded = Promise.all(load).catch((error) => {
    ledger.violation(`a client failed: ${error.stack}`);
  });

  let killsAtStart = 0;
  let server = await ServerProcess.start({ data, catalog });
  const goesOn = () =>
    market.round < kills ||
    (market.round < 4 * kills && !isEnough({ counts: market.counts, ...outcomesOf(ledger) }));
  while (goesOn() && ledger.violations.length === 0) {
    gate.open(server.port);
    await pause(random.chance(0.2) ? random.below(20) : random.between(20, maxLoadMs));
    gate.close();
    await server.end('SIGKILL');
    await Promise.race([gate.waiting(load.length), loadEnded]);
    nextRound(market);

    using file = DataFile.copyOf(data);
    checkFile(ledger, file);
    while (random.chance(0.1)) {
      const starting = new ServerProcess({ data, catalog });
      await pause(random.below(250));
      await starting.end('SIGKILL');
      killsAtStart++;
    }
    server = await ServerProcess.start({ data, catalog });
    const { orders, logins } = ledger.takeNews();
    const alive = [...ledger.logins.values()].filter(({ state }) => state !== 'ended');
    await checkWire(ledger, server.port, { orders, logins: [...logins, ...alive] }, file);
    if (market.round % 10 === 0) {
      progress(`${market.round} kills, ${ledger.orders.size} orders: ${resultOf(ledger)}`);
    }
  }

  market.closing = true;
  gate.open(server.port);
  if (ledger.violations.length === 0) await loadEnded;
  const ordersOnDisk = await checkAtTheEnd(ledger, server, data);
  if (ledger.violations.length === 0) rmSync(folder, { recursive: true });
  return {
    violations: ledger.violations,
    killsAtStart,
    counts: market.counts,
    ...outcomesOf(ledger),
    ordersOnDisk,
    folder,
  };
}

/** Everything once more, with nothing left open: on the wire, after an orderly stop, and in the file. */
async function checkAtTheEnd(
  ledger: Ledger,
  server: ServerProcess & { readonly port: number },
  data: string,
): Promise<number> {
  const everything = { orders: [...ledger.orders.values()], logins: [...ledger.logins.values()] };
  {
    using file = DataFile.copyOf(data);
    await checkWire(ledger, server.port, everything, file);
  }
  const { code } = await server.end('SIGTERM');
  if (code !== 0) ledger.violation(`an orderly stop exited with ${code}: ${server.errors}`);
  checkAcknowledgedUnits(ledger);
  const open = everything.orders.filter(({ outcome }) => outcome === null).length;
  if (open > 0) ledger.violation(`${open} orders have no outcome at the end`);
  using file = DataFile.copyOf(data);
  if (file.integrity() !== 'ok') ledger.violation(`the file is damaged: ${file.integrity()}`);
  return checkFile(ledger, file);
}

function resultOf({ violations }: Ledger): string {
  return violations.length === 0 ? 'nothing wrong' : `${violations.length} violations`;
}
