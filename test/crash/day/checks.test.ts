/** The day's checks against data that was changed by hand: what they do not notice, they do not prove. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { isKept } from '../kill/catalog.ts';
import { DataFile } from '../kill/data-file.ts';
import type { KeptEntry } from '../kill/hold-ledger.ts';
import type { OrderEntry } from '../kill/ledger.ts';
import { Random } from '../support/random.ts';
import { ServerProcess } from '../support/server-process.ts';
import { WireClient } from '../support/wire-client.ts';
import { checkServed } from './backups.ts';
import { writeCatalog } from './catalog.ts';
import { acknowledged, count, type Rows } from './count.ts';
import { Customer } from './customer.ts';
import { DayBook, type RestockEntry } from './day-book.ts';
import { holdAndReturn } from './holders.ts';
import { Operator } from './operator.ts';
import { rowsOfFile } from './place.ts';
import { logIn, ShopDoor } from './shop-door.ts';
import { StockKeeper } from './stock-keeper.ts';
import { checkEnded, UserKeeper } from './user-keeper.ts';

const folder = mkdtempSync(join(tmpdir(), 'inv-day-checks-'));
const data = join(folder, 'inventory.db');
const catalog = join(folder, 'catalog.json');
const users = join(folder, 'users.json');
const operator = new Operator(folder, data, users);
const book = new DayBook();
let bought: OrderEntry;
let refused: OrderEntry;
let restock: RestockEntry;

/** A short honest day, whose book and data the tests then set against each other. */
beforeAll(async () => {
  writeCatalog(catalog);
  const door = new ShopDoor();
  const keeper = new UserKeeper(new Random(1), book, operator, door, ['ann']);
  await keeper.open();
  const server = await ServerProcess.start({ data, catalog, users });
  door.reload = () => server.signal('SIGHUP');
  door.open(server.port);
  await keeper.work(() => false);
  const customer = new Customer('ann', new Random(2), book, door);
  const stock = new StockKeeper(new Random(3), book, operator);
  const find = (outcome: string) =>
    [...book.ledger.orders.values()].find((entry) => entry.outcome?.startsWith(outcome));
  await customer.shop(() => find('refused') === undefined);
  const more = () =>
    [...book.restocks.values()].find(
      ({ upc, units, outcome }) => !isKept(upc) && units > 0 && outcome !== null,
    );
  await stock.work(() => more() === undefined);
  let steps = 200;
  await customer.shop(() => steps-- > 0);
  const kept = () => [...book.ledger.holds.entries.values()];
  const isLimited = ({ lines, end }: KeptEntry) =>
    end === 'bought' && lines.some(({ upc }) => upc >= 7_005);
  await holdAndReturn('ann', new Random(4), book, door, () => {
    return !kept().some(isLimited) || !kept().some(({ end }) => end === 'gone');
  });
  await server.end('SIGTERM');
  bought = find('bought') as OrderEntry;
  refused = find('refused') as OrderEntry;
  restock = more() as RestockEntry;
}, 60_000);

afterAll(() => rmSync(folder, { recursive: true }));

/** What the count and `inv serve verify` say about a copy of the data that `sql` has changed. */
async function audits(sql: string): Promise<{ counted: string[]; verified: string[] }> {
  const path = join(folder, 'changed.db');
  using copy = DataFile.copyOf(data, path);
  copy.tamper(`PRAGMA ignore_check_constraints = ON; ${sql}`);
  const rows: Rows = {
    stock: copy.stock(),
    orders: [...copy.orders()],
    restocks: copy.restocks(),
    logins: copy.logins(),
    held: copy.held(),
    customers: copy.customers(),
  };
  const { code, document } = await operator.onData(['verify'], {}, path);
  // What breaks a rule of the tables themselves is refused as damaged before anything is added up.
  const verified: string[] = document.faults?.map(
    ({ message }: { message: string }) => message,
  ) ?? [document.error.message];
  expect(code).toBe(verified.length > 0 ? 1 : 0);
  return { counted: count(book, rows, acknowledged(book)), verified };
}

function where({ user, id }: OrderEntry): string {
  return `WHERE user = '${user}' AND id = '${id}'`;
}

function give(units: (qty: number) => number): string {
  return bought.lines
    .map(
      ({ upc, qty }) =>
        `UPDATE stock SET available = available + ${units(qty)} WHERE upc = ${upc};`,
    )
    .join('');
}

test('an honest day has no faults', async () => {
  expect(book.ledger.violations).toEqual([]);
  expect(await audits('')).toEqual({ counted: [], verified: [] });
});

describe('both the count and verify notice', () => {
  const copied = (id: string, table: string, columns: string, of: string) =>
    `INSERT INTO ${table} (${columns}) SELECT ${columns.replace('id', `'${id}'`)} FROM ${table} ${of};`;

  test.each([
    ['a unit too many', () => 'UPDATE stock SET available = available + 1 WHERE upc = 1001'],
    ['units that nobody supplied', () => 'UPDATE stock SET units = units + 1 WHERE upc = 1001'],
    ['less than none', () => 'UPDATE stock SET available = -1 WHERE upc = 5001'],
    ['a lost purchase', () => `DELETE FROM orders ${where(bought)}`],
    [
      'a lost purchase whose units are on sale again',
      () => `DELETE FROM orders ${where(bought)}; ${give((qty) => qty)}`,
    ],
    [
      'a purchase that was applied again under another id',
      () =>
        copied('other', 'orders', 'user, id, at, lines, refusal, position', where(bought)) +
        give((qty) => -qty),
    ],
    ['a lost restock', () => `DELETE FROM restocks WHERE id = '${restock.id}'`],
    [
      'a lost restock whose units are gone too',
      () =>
        `DELETE FROM restocks WHERE id = '${restock.id}'; UPDATE stock SET units = units - ${restock.units},
          available = available - ${restock.units} WHERE upc = ${restock.upc}`,
    ],
    [
      'a restock that was applied twice',
      () =>
        copied(
          'other',
          'restocks',
          'id, at, upc, units, available, reason, "by"',
          `WHERE id = '${restock.id}'`,
        ) +
        `UPDATE stock SET units = units + ${restock.units}, available = available + ${restock.units}
          WHERE upc = ${restock.upc}`,
    ],
    [
      'units of a customer that were not bought',
      () => 'UPDATE customer_units SET units = units + 1 WHERE until = 0',
    ],
    [
      'held units that nobody holds',
      () => `INSERT INTO held VALUES (7001, 9000000000000000, 1);
        UPDATE stock SET available = available - 1 WHERE upc = 7001`,
    ],
    [
      'a hold that ended and was made a purchase',
      () => `UPDATE orders SET state = 'bought', ended = at
        WHERE state = 'released' OR state = 'held'`,
    ],
    ['an item that is gone', () => 'DELETE FROM stock WHERE upc = 1001'],
  ])('%s', async (_, sql) => {
    const { counted, verified } = await audits(sql());
    expect(counted).not.toEqual([]);
    expect(verified).not.toEqual([]);
  });
});

test.each([
  ['a lost refusal', () => `DELETE FROM orders ${where(refused)}`, 'lost'],
  [
    'another time than was answered',
    () => `UPDATE orders SET at = at + 1 ${where(bought)}`,
    'answered',
  ],
  [
    'an order of another user',
    () => `UPDATE orders SET user = 'guest7' ${where(bought)}`,
    'nobody sent',
  ],
  [
    'another reason of a restock',
    () => `UPDATE restocks SET reason = 'theft' WHERE id = '${restock.id}'`,
    'asked',
  ],
])('the count notices what the rows alone cannot tell: %s', async (_, sql, sentence) => {
  const { counted } = await audits(sql());
  expect(counted).toContainEqual(expect.stringContaining(sentence));
});

test('a removed user and an ended login that are back are noticed, and a level that is told wrong', async () => {
  const [former] = book.formerPasswords;
  const { user, password } = former as { user: string; password: string };
  expect(book.passwords.has(user)).toBe(false);
  await operator.onUsers(['add', user], password);
  const server = await ServerProcess.start({ data, catalog, users });
  const client = await WireClient.open(server.port);
  const token = await logIn(client, user, password);
  await checkEnded(book, client, token as string);
  const { stock, ...rest } = rowsOfFile(data);
  const higher = stock.map((row) => ({ ...row, available: row.available + 1 }));
  await checkServed(book, server.port, { ...rest, stock: higher }, acknowledged(book));
  client.drop();
  await server.end('SIGKILL');
  expect(book.ledger.violations.splice(0)).toEqual([
    expect.stringContaining('an ended login was answered'),
    expect.stringContaining('INVENTORY answers'),
    expect.stringContaining(`${user} is back`),
  ]);
});
