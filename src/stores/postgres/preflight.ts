/**
 * Runs each statement of a connection once, on rows that do not exist, and rolled back: it shows at the
 * start whether a permission is missing.
 */
import { randomUUID } from 'node:crypto';
import type { Changes, Login, Order, Page } from '../../inventory/model.ts';
import { RefusalBudget } from '../../inventory/refusal-budget.ts';
import type { RowSet } from '../../inventory/row-set.ts';
import { type Known, KnownLogins, loadStatements } from './batch/load.ts';
import { PageReads } from './batch/page-reads.ts';
import { saveStatements } from './batch/save.ts';
import { BEGIN, execute } from './batch/statements.ts';
import type { CommitMarker } from './commit-marker.ts';
import type { DatabaseConnection } from './connection/database-connection.ts';
import { query } from './connection/session-setup.ts';

export async function preflight(connection: DatabaseConnection, mark: CommitMarker): Promise<void> {
  const nobody = randomUUID();
  const set: RowSet = {
    logins: new Set([nobody]),
    endsLogins: false,
    loggingIn: new Set(),
    sold: new Set([0]),
    read: new Set([0]),
    orders: new Map([[nobody, [nobody, nobody]]]),
    changed: new Map(),
    holders: new Set(),
  };
  const login: Login = { tokenHash: nobody, user: nobody, since: 0, credential: '' };
  const order: Order = {
    ...{ user: nobody, id: nobody, at: 0, lines: [], refusal: null, position: null },
  };
  const changes: Changes = {
    isEmpty: false,
    available: new Map([[0, 0]]),
    orders: [{ ...order, position: nobody }],
    changedOrders: new Map(),
    held: new Map(),
    customers: new Map(),
    returned: new Map(),
    logins: new Map<string, Login | null>([
      [nobody, login],
      [`${nobody}-`, null],
    ]),
  };
  const pages: Page[] = [
    { page: 'orders', user: nobody, count: 1, outOf: 2, before: null, now: 0 },
    { page: 'inventory' },
  ];
  const unknown = knowingNothing();
  const known = knowingNothing();
  known.logins.add(login);
  const loads = [
    ...loadStatements(set, false, unknown),
    ...loadStatements(set, false, known),
    ...loadStatements(set, true, unknown),
    ...loadStatements(set, true, known),
    ...loadStatements({ ...set, loggingIn: new Set([nobody]) }, true, unknown),
  ];
  const statements = [
    BEGIN,
    mark.write(0, 0),
    mark.check(0),
    mark.confirm(0),
    ...loads.map(({ text }) => text),
    // Not with its lock, for which this server would wait until no other one acts for a login.
    execute('logins_taken', [nobody]),
    execute('locked_stock', [0]),
    execute('locked_logins', [nobody]),
    execute('logins_are_free'),
    ...saveStatements(changes),
    ...saveStatements({ ...changes, orders: [{ ...order, id: `${nobody}-` }], logins: new Map() }),
    ...new PageReads(pages).texts,
  ];
  try {
    await query(connection, statements.join(';'));
  } finally {
    if (!connection.isLost) await query(connection, 'ROLLBACK');
  }
}

function knowingNothing(): Known {
  const refusals = new RefusalBudget();
  return { items: new Map(), logins: new KnownLogins(), refusals, onFault: () => undefined };
}
