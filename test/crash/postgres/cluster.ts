/**
 * Two servers and their database, each of which can be killed with -9 at any moment and is started
 * again until it runs. With a standby, the death of the primary makes the standby the primary.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { PostgresServer } from '../../support/postgres-server.ts';
import { PRIMARY_SETTINGS, promote, startStandby } from '../../support/postgres-standby.ts';
import type { HeldRow, LoginRow, OrderRow, StockRow } from '../kill/data-file.ts';
import { ServerProcess } from '../support/server-process.ts';
import type { Gates } from './gates.ts';

const DATABASE = 'shop';

/** How long somebody may take to come back, on a machine that is busy with other things. */
const RETURN_TIMEOUT_MS = 60_000;

type RunningServer = ServerProcess & { readonly port: number };

export class Cluster implements AsyncDisposable {
  readonly #catalog: string;
  readonly #gates: Gates;
  #primary: PostgresServer;
  #standby: PostgresServer | null = null;
  readonly #servers: (RunningServer | null)[] = [null, null];

  private constructor(primary: PostgresServer, catalog: string, gates: Gates) {
    this.#primary = primary;
    this.#catalog = catalog;
    this.#gates = gates;
  }

  static async start(catalog: string, gates: Gates, withStandby: boolean): Promise<Cluster> {
    const settings = withStandby ? PRIMARY_SETTINGS : {};
    const primary = await PostgresServer.start(settings);
    const cluster = new Cluster(primary, catalog, gates);
    if (withStandby) cluster.#standby = await startStandby(primary);
    await primary.run(primary.address('postgres'), `CREATE DATABASE ${DATABASE}`);
    await cluster.startServers();
    return cluster;
  }

  /** Where the servers look for their database: on both hosts, when there are two. */
  get address(): string {
    const hosts = [this.#primary, this.#standby].flatMap((one) =>
      one === null ? [] : [`127.0.0.1:${one.port}`],
    );
    return `postgres://postgres@${hosts.join()}/${DATABASE}`;
  }

  get ports(): number[] {
    return this.#servers.flatMap((server) => (server === null ? [] : [server.port]));
  }

  /** Both together: they race for the schema. */
  async startServers(): Promise<void> {
    await Promise.all(this.#servers.map((_, index) => this.#startServer(index)));
  }

  async killServer(index: number, downMs: number): Promise<void> {
    const server = this.#servers[index];
    if (server === null || server === undefined) return;
    this.#servers[index] = null;
    this.#gates.remove(server.port);
    await server.end('SIGKILL');
    await pause(downMs);
    await this.#startServer(index);
  }

  /** The same database again, or the standby in its place. */
  async killDatabase(downMs: number): Promise<void> {
    const dead = this.#primary;
    await dead.stop('SIGKILL');
    await pause(downMs);
    if (this.#standby === null) return await untilItWorks(() => dead.start());
    this.#primary = this.#standby;
    this.#standby = null;
    await promote(this.#primary);
    await dead[Symbol.asyncDispose]();
    // In the dead one's place, where servers that know both hosts will look for it.
    this.#standby = await startStandby(this.#primary, dead.port);
  }

  /** Stops the servers in order, and waits until nothing of them is left in the database. */
  async stopServers(): Promise<string[]> {
    const faults: string[] = [];
    for (const [index, server] of this.#servers.entries()) {
      if (server === null) continue;
      this.#servers[index] = null;
      this.#gates.remove(server.port);
      const { code } = await server.end('SIGTERM');
      if (code !== 0) faults.push(`an orderly stop exited with ${code}: ${server.errors}`);
    }
    await untilItWorks(async () => {
      const left = await this.#ask("SELECT 1 FROM pg_stat_activity WHERE application_name = 'inv'");
      if (left.length > 0) throw new Error('sessions are left in the database');
    });
    return faults;
  }

  /** What is in the database, by SQL alone. */
  async rows() {
    const stock: StockRow[] = await this.#ask(
      'SELECT upc::int, units::int, available::int FROM inv.stock ORDER BY upc',
    );
    const logins: LoginRow[] = await this.#ask('SELECT token_hash, "user" FROM inv.logins');
    const orders: OrderRow[] = await this.#ask(
      `SELECT "user", id, at::float8, lines, refusal, state, until::float8, ended::float8, "of"
        FROM inv.orders`,
    );
    const held: HeldRow[] = await this.#ask(
      'SELECT upc::int, until::float8, units::int FROM inv.held',
    );
    const rows = { stock: () => stock, logins: () => logins, held: () => held };
    return { ...rows, orders: () => orders.values() };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const server of this.#servers) await server?.end('SIGKILL');
    await this.#standby?.[Symbol.asyncDispose]();
    await this.#primary[Symbol.asyncDispose]();
  }

  // biome-ignore lint/suspicious/noExplicitAny: rows of every shape
  #ask(statement: string): Promise<any[]> {
    return this.#primary.run(this.#primary.address(DATABASE), statement);
  }

  async #startServer(index: number): Promise<void> {
    await untilItWorks(async () => {
      const options = { data: this.address, catalog: this.#catalog };
      this.#servers[index] = await ServerProcess.start(options);
    });
    this.#gates.add((this.#servers[index] as RunningServer).port);
  }
}

async function untilItWorks(attempt: () => Promise<void>): Promise<void> {
  for (const end = Date.now() + RETURN_TIMEOUT_MS; ; await pause(50)) {
    try {
      return await attempt();
    } catch (error) {
      if (Date.now() > end) throw error;
    }
  }
}
