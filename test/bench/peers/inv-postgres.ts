import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { USER } from '../load/postgres-wire.ts';
import { catalogOf, OWN_ENTRY, startInv } from './inv.ts';
import type { Peer, RunningPeer } from './peer.ts';
import { postgresMissing, startPostgres } from './postgres.ts';

/** `inv serve` over a PostgreSQL as it comes: one server, or several that share the buyers. */
export function invPostgresPeer(name: string, servers: number): Peer {
  return {
    name,
    dialect: 'inv',
    missing: postgresMissing,
    start: async (folder, stock) => {
      const catalog = join(folder, 'catalog.json');
      await writeFile(catalog, JSON.stringify(catalogOf(stock)));
      const database = await startPostgres(folder);
      const data = `postgres://${USER}@127.0.0.1:${database.port}/postgres`;
      const running: RunningPeer[] = [];
      for (let server = 0; server < servers; server++) {
        running.push(await startInv(OWN_ENTRY, [], data, catalog, stock));
      }
      return {
        ports: running.flatMap(({ ports }) => ports),
        pids: [database.pid, ...running.flatMap(({ pids }) => pids)],
        sold: (running[0] as RunningPeer).sold,
        stop: async () => {
          for (const server of running) await server.stop();
          await database.stop();
        },
      };
    },
  };
}
