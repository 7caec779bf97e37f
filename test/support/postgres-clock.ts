/** A clock of a database that a test sets: every session that begins later asks it instead of PostgreSQL's. */
import type { PostgresServer } from './postgres-server.ts';

/** Gives the database at `address` such a clock. It stands still at `ms`, in milliseconds since 1970 UTC. */
export async function giveClock(server: PostgresServer, address: string, ms: number) {
  await server.run(
    address,
    // In the place of PostgreSQL's own: no search path of a session leads to another.
    `SET allow_system_table_mods = on;
    CREATE SCHEMA test;
    CREATE TABLE test.clock (ms bigint NOT NULL);
    INSERT INTO test.clock VALUES (${ms});
    ALTER FUNCTION pg_catalog.clock_timestamp() RENAME TO own_clock_timestamp;
    CREATE FUNCTION pg_catalog.clock_timestamp() RETURNS timestamptz LANGUAGE sql VOLATILE
      AS 'SELECT pg_catalog.to_timestamp(ms / 1000.0) FROM test.clock'`,
  );
}

export async function setClock(server: PostgresServer, address: string, ms: number) {
  await server.run(address, `UPDATE test.clock SET ms = ${ms}`);
}
