/** Where the day's data lies: a data file, or a PostgreSQL database; and its rows, by SQL alone. */
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { PostgresServer } from '../../support/postgres-server.ts';
import { DataFile } from '../kill/data-file.ts';
import type { Rows } from './count.ts';

export interface Place extends AsyncDisposable {
  /** As `--data` takes it. */
  readonly address: string;
  /** Call while no server runs. */
  rows(): Promise<Rows>;
  /** Changes the data by SQL: for the tests that the checks notice what is wrong. */
  tamper(sql: string): Promise<void>;
}

export function fileIn(folder: string): Place {
  const address = join(folder, 'inventory.db');
  return {
    address,
    rows: async () => rowsOfFile(address),
    tamper: async (sql) => {
      const db = new DatabaseSync(address);
      db.exec(sql);
      db.close();
    },
    [Symbol.asyncDispose]: async () => undefined,
  };
}

export function rowsOfFile(path: string): Rows {
  using file = DataFile.copyOf(path);
  const damage = file.integrity();
  if (damage !== 'ok') throw new Error(`${path} is damaged: ${damage}`);
  return {
    stock: file.stock(),
    orders: [...file.orders()],
    restocks: file.restocks(),
    logins: file.logins(),
    held: file.held(),
    customers: file.customers(),
  };
}

export async function newDatabase(): Promise<Place> {
  const server = await PostgresServer.start();
  const address = await server.newDatabase();
  const ask = (statement: string) => server.run(address, statement);
  return {
    address,
    rows: async () => ({
      stock: await ask('SELECT upc::int, units::int, available::int FROM inv.stock ORDER BY upc'),
      // The columns of a data file, in its order: the rows of both are compared.
      orders: await ask(
        'SELECT "user", id, at::float8, lines, refusal, state, until::float8, ended::float8, "of" FROM inv.orders',
      ),
      restocks: await ask(
        'SELECT id, at::float8, upc::int, units::int, available::int, reason FROM inv.restocks ORDER BY id',
      ),
      logins: await ask('SELECT token_hash, "user" FROM inv.logins'),
      held: await ask(
        'SELECT upc::int, until::float8, units::int FROM inv.held ORDER BY upc, until',
      ),
      customers: await ask(
        'SELECT upc::int, "user", until::float8, units::int FROM inv.customer_units ORDER BY upc, "user", until',
      ),
    }),
    tamper: async (sql) => {
      await ask(`SET search_path = inv; ${sql}`);
    },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}
