/**
 * Checks that the tables are as the migrations made them. Without its primary key an order would be
 * bought twice; a trigger or a rule could change what is written.
 */
import { StoreRefused } from '../../inventory/store.ts';
import type { DatabaseConnection } from './connection/database-connection.ts';
import { query } from './connection/session-setup.ts';

/** What each table must have, in PostgreSQL's own words. A migration that changes a table changes it here. */
const EXPECTED: Readonly<Record<string, readonly string[]>> = {
  version: ['version integer NOT NULL'],
  stock: [
    'upc bigint NOT NULL',
    'name text NOT NULL',
    'units bigint NOT NULL',
    'available bigint NOT NULL',
    'next_due bigint',
    'counted boolean NOT NULL',
    'returned bigint NOT NULL',
    'first_units bigint',
    'code text',
    'PRIMARY KEY (upc)',
    'CHECK ((available >= 0))',
  ],
  logins: [
    'token_hash text COLLATE "C" NOT NULL',
    'user text COLLATE "C" NOT NULL',
    'since bigint NOT NULL',
    'credential text COLLATE "C" NOT NULL',
    'PRIMARY KEY (token_hash)',
  ],
  login_ends: [
    'user text COLLATE "C" NOT NULL',
    'number bigint NOT NULL',
    'PRIMARY KEY ("user")',
    'INDEX login_end_numbers',
  ],
  orders: [
    'user text COLLATE "C" NOT NULL',
    'id text COLLATE "C" NOT NULL',
    'at bigint NOT NULL',
    'lines text NOT NULL',
    'refusal text',
    'position text COLLATE "C"',
    'state text',
    'until bigint',
    'seconds bigint',
    'ended bigint',
    'of text COLLATE "C"',
    'PRIMARY KEY ("user", id)',
    'INDEX order_positions',
    'INDEX live_holds',
  ],
  held: [
    'upc bigint NOT NULL',
    'until bigint NOT NULL',
    'units bigint NOT NULL',
    'PRIMARY KEY (upc, until)',
    'INDEX hold_ends',
  ],
  customer_units: [
    'upc bigint NOT NULL',
    'user text COLLATE "C" NOT NULL',
    'until bigint NOT NULL',
    'units bigint NOT NULL',
    'PRIMARY KEY (upc, "user", until)',
  ],
  servers: [
    'id text COLLATE "C" NOT NULL',
    'name text NOT NULL',
    'batch bigint NOT NULL',
    'seen bigint NOT NULL',
    'format integer NOT NULL',
    'ended bigint',
    'PRIMARY KEY (id)',
  ],
  shop: [
    'single boolean NOT NULL',
    'id text COLLATE "C" NOT NULL',
    'since bigint NOT NULL',
    'lost text',
    'restocks_known boolean NOT NULL',
    'expired_to bigint NOT NULL',
    'forgotten_to bigint NOT NULL',
    'PRIMARY KEY (single)',
    'CHECK (single)',
  ],
  restocks: [
    'id text COLLATE "C" NOT NULL',
    'at bigint NOT NULL',
    'upc bigint NOT NULL',
    'units bigint NOT NULL',
    'available bigint NOT NULL',
    'reason text NOT NULL',
    'by text NOT NULL',
    'PRIMARY KEY (id)',
    'CHECK ((available >= 0))',
  ],
};

/** What must not be there, and the statement that takes it away. */
const FORBIDDEN: Readonly<Record<string, (table: string, name: string) => string>> = {
  trigger: (table, name) => `DROP TRIGGER "${name}" ON inv.${table}`,
  rule: (table, name) => `DROP RULE "${name}" ON inv.${table}`,
  'row security': (table) => `ALTER TABLE inv.${table} DISABLE ROW LEVEL SECURITY`,
  'child table': (table, name) => `ALTER TABLE ${name} NO INHERIT inv.${table}`,
};

const OURS = `SELECT oid, relname, relrowsecurity FROM pg_catalog.pg_class
  WHERE relnamespace = 'inv'::regnamespace AND relkind IN ('r', 'p', 'v', 'm', 'f')`;

const FOUND = `WITH ours AS MATERIALIZED (${OURS})
  SELECT relname AS table, 'has' AS kind, concat(attname, ' ', format_type(atttypid, atttypmod),
      CASE WHEN collname <> 'default' THEN ' COLLATE "' || collname || '"' END,
      CASE WHEN attnotnull THEN ' NOT NULL' END) AS what
    FROM ours JOIN pg_catalog.pg_attribute ON attrelid = ours.oid AND attnum > 0 AND NOT attisdropped
    LEFT JOIN pg_catalog.pg_collation ON pg_collation.oid = attcollation
  UNION ALL SELECT relname, 'has', pg_get_constraintdef(pg_constraint.oid)
    FROM ours JOIN pg_catalog.pg_constraint ON conrelid = ours.oid WHERE contype IN ('p', 'c')
  UNION ALL SELECT ours.relname, 'has', 'INDEX ' || index.relname
    FROM ours JOIN pg_catalog.pg_index ON indrelid = ours.oid AND indisvalid AND NOT indisprimary
    JOIN pg_catalog.pg_class AS index ON index.oid = indexrelid
  UNION ALL SELECT relname, 'trigger', tgname
    FROM ours JOIN pg_catalog.pg_trigger ON tgrelid = ours.oid WHERE NOT tgisinternal
  UNION ALL SELECT relname, 'rule', rulename
    FROM ours JOIN pg_catalog.pg_rewrite ON ev_class = ours.oid
  UNION ALL SELECT relname, 'row security', '' FROM ours WHERE relrowsecurity
  UNION ALL SELECT relname, 'child table', inhrelid::regclass::text
    FROM ours JOIN pg_catalog.pg_inherits ON inhparent = ours.oid`;

/** Throws StoreRefused, with the name of what is missing or too much, and how to put it right. */
export async function checkStructure(connection: DatabaseConnection): Promise<void> {
  const found = await query(connection, FOUND);
  const has = new Set<string>();
  for (const row of found) {
    const { table, kind, what } = row as { table: string; kind: string; what: string };
    if (kind === 'has') has.add(`${table}: ${what}`);
    const remedy = FORBIDDEN[kind];
    if (remedy === undefined || EXPECTED[table] === undefined) continue;
    throw new StoreRefused(
      `the table inv.${table} has a ${kind}${what === '' ? '' : ` "${what}"`}: it could change what is ` +
        `sold without a word. Take it away, with ${remedy(table, what)}, and start again`,
    );
  }
  for (const [table, parts] of Object.entries(EXPECTED)) {
    const missing = parts.find((part) => !has.has(`${table}: ${part}`));
    if (missing === undefined) continue;
    throw new StoreRefused(
      `the table inv.${table} lacks ${missing}: without it an order could be bought twice, or oversold. ` +
        `Put it back${remedyFor(table, missing)}, and start again`,
    );
  }
}

function remedyFor(table: string, part: string): string {
  return /^(PRIMARY|CHECK)/.test(part) ? `, with ALTER TABLE inv.${table} ADD ${part}` : '';
}
