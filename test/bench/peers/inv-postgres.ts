import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { USER } from '../load/postgres-wire.ts';
import { catalogOf, OWN_ENTRY, startInv } from './inv.ts';
import type { Peer, RunningPeer } from './peer.ts';
import { askPostgres, followWithStandby, postgresMissing, startPostgres } from './postgres.ts';

export interface InvPostgresOptions {
  readonly name: string;
  /** How many servers share the buyers. */
  readonly servers?: number;
  /** Whether each commit also waits for a standby, on this machine too. */
  readonly standby?: boolean;
  /** Another build's bin/run.js. */
  readonly entry?: string;
  /** Options of Node for the servers, such as --cpu-prof. */
  readonly nodeOptions?: readonly string[];
}

/** `inv serve` over a PostgreSQL as it comes. */
export function invPostgresPeer({
  name,
  servers = 1,
  standby = false,
  entry = OWN_ENTRY,
  nodeOptions = [],
}: InvPostgresOptions): Peer {
  return {
    name,
    dialect: 'inv',
    missing: postgresMissing,
    start: async (folder, stock) => {
      const catalog = join(folder, 'catalog.json');
      await writeFile(catalog, JSON.stringify(catalogOf(stock)));
      const database = await startPostgres(folder);
      const follower = standby ? await followWithStandby(folder, database.port) : null;
      const data = `postgres://${USER}@127.0.0.1:${database.port}/postgres`;
      const running: RunningPeer[] = [];
      for (let server = 0; server < servers; server++) {
        running.push(
          await startInv(entry, nodeOptions, data, catalog, stock, {
            unitsHeld: () => unitsHeld(database.port),
          }),
        );
      }
      return {
        ports: running.flatMap(({ ports }) => ports),
        pids: [
          database.pid,
          ...(follower === null ? [] : [follower.pid]),
          ...running.flatMap(({ pids }) => pids),
        ],
        books: (running[0] as RunningPeer).books,
        stop: async () => {
          for (const server of running) await server.stop();
          await database.stop();
          await follower?.stop();
        },
      };
    },
  };
}

/** By inv's table. A build from before there were holds has none. */
async function unitsHeld(port: number): Promise<number> {
  const [table] = await askPostgres(port, "SELECT to_regclass('inv.held')");
  if (table === '') return 0;
  return Number((await askPostgres(port, 'SELECT coalesce(sum(units), 0) FROM inv.held'))[0]);
}
