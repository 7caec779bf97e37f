/** Where the data of a large shop is kept: a data file or a PostgreSQL database, and how it is filled. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Item } from '../../../src/inventory/catalog.ts';
import { USER } from '../load/postgres-wire.ts';
import { catalogOf, OWN_ENTRY, startInv } from '../peers/inv.ts';
import type { RunningPeer, Stock } from '../peers/peer.ts';
import { askPostgres, startPostgres } from '../peers/postgres.ts';
import { addOrders } from './add-orders.ts';
import { fillFile } from './fill-file.ts';

const USERS = ['alice', 'bob', 'carol'];

export interface Place {
  readonly name: string;
  /** For --data. */
  readonly data: string;
  readonly catalog: string;
  /** Starts a server that sells `stock`, whatever was sold before. */
  serve(stock: Stock): Promise<RunningPeer>;
  /** Adds orders, and their levels, while no server runs. */
  addOrders(stock: Stock, count: number): Promise<void>;
  /** Adds logins, while no server runs. */
  addLogins(count: number): Promise<void>;
  stop(): Promise<void>;
}

function server(data: string, catalog: string): Place['serve'] {
  return async (stock) => {
    writeFileSync(catalog, JSON.stringify(catalogOf(stock)));
    return await startInv(OWN_ENTRY, [], data, catalog, stock);
  };
}

export function filePlace(folder: string): Place {
  const [data, catalog] = [join(folder, 'shop.db'), join(folder, 'file-items.json')];
  return {
    ...{ name: 'data file', data, catalog, serve: server(data, catalog) },
    addOrders: async (stock, count) => {
      addOrders(data, catalogOf(stock), USERS, count);
    },
    addLogins: async (count) => {
      fillFile(data, (db) => {
        const insert = db.prepare(`INSERT INTO logins (token_hash, user, since, credential, number)
          VALUES (?, ?, ?, '', ?)`);
        const now = Date.now();
        for (let number = 1; number <= count; number++) {
          insert.run(`hash ${number}`, `user ${number % 1_000}`, now, number);
        }
      });
    },
    stop: async () => undefined,
  };
}

export async function databasePlace(folder: string): Promise<Place> {
  const database = await startPostgres(folder);
  const data = `postgres://${USER}@127.0.0.1:${database.port}/postgres`;
  const catalog = join(folder, 'database-items.json');
  const run = (statement: string) => askPostgres(database.port, statement);
  return {
    ...{ name: 'PostgreSQL', data, catalog, serve: server(data, catalog) },
    addOrders: async (stock, count) => {
      for (const statement of ordersSql(catalogOf(stock), count)) await run(statement);
    },
    addLogins: async (count) => {
      await run(`INSERT INTO inv.logins (token_hash, "user", since)
        SELECT 'hash ' || i, 'user ' || i % 1000, ${Date.now()} FROM generate_series(1, ${count}) AS i`);
      await run('ANALYZE inv.logins');
    },
    stop: () => database.stop(),
  };
}

/** The same orders as in a data file: one unit each, the items in turn. */
function ordersSql(catalog: readonly Item[], count: number): string[] {
  const [{ upc, units }] = catalog as [Item];
  const items = catalog.length;
  const id = `substr(ms, 1, 8) || '-' || substr(ms, 9, 4) || '-7' || lpad(to_hex(i % 4096), 3, '0') ||
    substr(gen_random_uuid()::text, 19)`;
  return [
    `INSERT INTO inv.orders ("user", id, at, lines)
      SELECT (ARRAY['${USERS.join("','")}'])[i % ${USERS.length} + 1], ${id}, at,
        '[[' || ${upc} + i % ${items} || ',1,' || ${units - 1} - i / ${items} || ']]'
      FROM (SELECT i, at, lpad(to_hex(at), 12, '0') AS ms FROM (
        SELECT i, ${Date.now()}::bigint - ${count} + i AS at FROM generate_series(0, ${count - 1}) AS i) AS numbered) AS timed`,
    `UPDATE inv.stock SET available = units - (${count} - (upc - ${upc}) + ${items - 1}) / ${items}`,
    'VACUUM ANALYZE inv.orders',
    'CHECKPOINT',
  ];
}
