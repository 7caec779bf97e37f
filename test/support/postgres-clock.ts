/** A clock of a database that a test sets: every session that begins later asks it instead of PostgreSQL's. */
import type { PostgresServer } from './postgres-server.ts';

/** Gives the database at `address` such a clock. It stands still at `ms`, in milliseconds since 1970 UTC. */
export async function giveClock(server: PostgresServer, address: string, ms: number) {
  const database = new URL(address).pathname.slice(1);
  await server.run(
    address,
    `CREATE SCHEMA test;
    CREATE TABLE test.clock (ms bigint NOT NULL);
    INSERT INTO test.clock VALUES (${ms});
    CREATE FUNCTION test.clock_timestamp() RETURNS timestamptz LANGUAGE sql VOLATILE
      AS 'SELECT pg_catalog.to_timestamp(ms / 1000.0) FROM test.clock';
    ALTER DATABASE ${database} SET search_path = test, pg_catalog, public`,
  );
}

export async function setClock(server: PostgresServer, address: string, ms: number) {
  await server.run(address, `UPDATE test.clock SET ms = ${ms}`);
}
