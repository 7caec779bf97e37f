/**
 * Every query of a batch once, on rows that do not exist, and rolled back: it prepares the statements,
 * so that later a flight is one round trip, and shows at the start whether a permission is missing.
 */
import { randomUUID } from 'node:crypto';
import type { Changes, Login, Page } from '../inventory/rules.ts';
import type { Link } from './postgres-link.ts';
import { KnownLogins, loadsOf } from './postgres-load.ts';
import type { ServerMark } from './postgres-mark.ts';
import { pageQueries } from './postgres-pages.ts';
import { saveQueries } from './postgres-save.ts';
import { askAll } from './postgres-session.ts';
import type { Wanted } from './postgres-wanted.ts';

export async function rehearse(link: Link, mark: ServerMark): Promise<void> {
  const { sql } = link;
  const nobody = randomUUID();
  const wanted: Wanted = {
    logins: new Set([nobody]),
    endsLogins: false,
    bought: new Set([0]),
    looked: new Set([0]),
    orders: new Map([[nobody, [nobody, nobody]]]),
  };
  const login: Login = { tokenHash: nobody, user: nobody, since: 0 };
  const changes: Changes = {
    available: new Map([[0, 0]]),
    orders: [{ user: nobody, id: nobody, at: 0, lines: [], refusal: null, position: null }],
    logins: new Map<string, Login | null>([
      [nobody, login],
      [`${nobody}-`, null],
    ]),
  };
  const pages: Page[] = [
    { page: 'orders', user: nobody, count: 1, before: null },
    { page: 'inventory' },
  ];
  const unknown = { names: new Map(), logins: new KnownLogins() };
  const known = { names: new Map(), logins: new KnownLogins() };
  known.logins.add(login);
  const loads = [
    ...loadsOf(sql, wanted, false, unknown),
    ...loadsOf(sql, wanted, false, known),
    ...loadsOf(sql, wanted, true, unknown),
    ...loadsOf(sql, wanted, true, known),
    ...loadsOf(sql, { ...wanted, endsLogins: true }, true, unknown),
  ];
  await askAll(link, [
    sql`BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE`,
    mark.write(link, 0),
    ...loads.map(({ query }) => query),
    ...saveQueries(sql, changes),
    ...pageQueries(sql, pages),
    sql`ROLLBACK`,
    sql`BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY`,
    sql`COMMIT`,
  ]);
}
