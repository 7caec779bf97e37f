/** A server, a proxy before it and a customer's machine, and what must be true of the three at rest. */
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DataFile, type OrderRow } from '../kill/data-file.ts';
import { ServerProcess } from '../support/server-process.ts';
import { WireClient } from '../support/wire-client.ts';
import { CuttingProxy } from './proxy.ts';
import { Customer } from './shop-process.ts';

/** Plentiful ones, and one that runs out, so that there are refusals too. */
const CATALOG = [
  { upc: 1001, name: 'Pin', units: 1_000_000 },
  { upc: 1002, name: 'Poster', units: 1_000_000 },
  { upc: 1003, name: 'Ticket', units: 40 },
].map((item) => ({ ...item, returns: true }));

/** What became of an order, by the rows of the server. */
export type Truth = 'bought' | 'refused' | 'held' | 'released' | 'expired' | 'returned';

/** A hold that ends about now may be seen as live or as ended. */
const ABOUT_NOW_MS = 2_000;

export class World {
  readonly folder: string;
  readonly customer: Customer;
  readonly proxy: CuttingProxy;
  readonly violations: string[] = [];
  #server: ServerProcess;
  #isBoughtElsewhere = false;

  private constructor(folder: string, server: ServerProcess, proxy: CuttingProxy) {
    this.folder = folder;
    this.#server = server;
    this.proxy = proxy;
    this.customer = new Customer(folder, proxy.port);
  }

  /** Alice is logged in. */
  static async begin(): Promise<World> {
    const folder = mkdtempSync(join(tmpdir(), 'inv-shop-'));
    writeFileSync(join(folder, 'catalog.json'), JSON.stringify(CATALOG));
    const server = await ServerProcess.start(files(folder));
    const world = new World(folder, server, await CuttingProxy.start(server.port));
    const login = await world.customer.run('login', '--user', 'alice');
    if (login.code !== 0) throw new Error(`cannot log in: ${login.stderr}`);
    return world;
  }

  violation(sentence: string): void {
    this.violations.push(sentence);
  }

  /** The same user buys, but not from this machine: what `checkAtRest` must notice. */
  async buyElsewhere(): Promise<void> {
    this.#isBoughtElsewhere = true;
    const client = await WireClient.login(this.proxy.upstream, 'alice');
    await client.send('PURCHASE', '1001', '1');
    client.drop();
  }

  /** Nobody restarts it before `startServer`. */
  killServer(): void {
    this.#server.signal('SIGKILL');
  }

  async startServer(): Promise<void> {
    await this.#server.end('SIGKILL');
    const server = await ServerProcess.start(files(this.folder));
    this.#server = server;
    this.proxy.upstream = server.port;
  }

  /**
   * Lets one command settle what is open; then the local inventory must equal what the server sold
   * to alice. Every order of hers went through this customer's machine. Answers with her orders.
   */
  async checkAtRest(): Promise<Map<string, Truth>> {
    const settled = await this.customer.run('inventory');
    if (settled.code !== 0)
      this.violation(`settling exited with ${settled.code}: ${settled.stderr}`);
    const local = await this.customer.run('local');
    const there = readdirSync(join(this.folder, 'inv'));
    // Whenever a process was killed, the file was whole: damage would have been set aside.
    if (!there.includes('shop.json') || there.some((name) => name.startsWith('shop.damaged'))) {
      this.violation(`the customer's folder has ${there}`);
    }
    if (/unconfirmed/.test(local.stderr)) this.violation(`after settling: ${local.stderr}`);

    const sold = new Map<number, number>();
    const orders = new Map<string, Truth>();
    const live: string[] = [];
    const ending: string[] = [];
    const now = Date.now();
    using file = DataFile.copyOf(files(this.folder).data);
    for (const row of file.orders()) {
      const { id, lines } = row;
      const left = Number(row.until) - now;
      const truth = truthOf(row, now);
      orders.set(id, truth);
      if (Math.abs(left) < ABOUT_NOW_MS) ending.push(id);
      else if (truth === 'held') live.push(id);
      const sign = { bought: 1, returned: -1 }[truth as string] ?? 0;
      for (const [upc, qty] of sign === 0 ? [] : (JSON.parse(lines) as [number, number][])) {
        sold.set(upc, (sold.get(upc) ?? 0) + sign * qty);
      }
    }
    const verified = await this.customer.run('verify');
    if (verified.code !== (this.#isBoughtElsewhere ? 1 : 0)) {
      this.violation(`verify exited with ${verified.code}: ${JSON.stringify(verified.json)}`);
    }
    const items = (local.json?.items ?? []) as { upc: number; units: number }[];
    const owned = items.map((item) => `${item.upc}:${item.units}`).sort();
    const left = [...sold].filter(([, units]) => units > 0);
    const expected = left.map(([upc, units]) => `${upc}:${units}`).sort();
    if (owned.join() !== expected.join()) {
      this.violation(`the local inventory has ${owned}, and the server sold ${expected}`);
    }
    const held = ((local.json?.held ?? []) as { order: string }[]).map(({ order }) => order);
    const known = held.filter((order) => !ending.includes(order)).sort();
    if (known.join() !== live.sort().join()) {
      this.violation(`held here is ${known}, and the server holds ${live}`);
    }
    const kept = new Map<number, number>();
    for (const { upc, units } of file.held()) kept.set(upc, (kept.get(upc) ?? 0) + units);
    for (const { upc, units, available } of file.stock()) {
      const gone = (sold.get(upc) ?? 0) + (kept.get(upc) ?? 0);
      if (units - available !== gone) {
        this.violation(`item ${upc}: ${units - available} units gone, ${gone} sold or held`);
      }
    }
    return orders;
  }

  /** Removes the folder, unless something was wrong. */
  async end(): Promise<void> {
    await this.proxy.stop();
    await this.#server.end('SIGTERM');
    if (this.violations.length === 0) rmSync(this.folder, { recursive: true });
  }
}

function truthOf({ refusal, state, until }: OrderRow, now: number): Truth {
  if (refusal !== null) return 'refused';
  return state === 'held' && Number(until) <= now ? 'expired' : (state ?? 'bought');
}

function files(folder: string): { data: string; catalog: string } {
  return { data: join(folder, 'inventory.db'), catalog: join(folder, 'catalog.json') };
}
