/**
 * Holds the ledger against the data file, and against what the server answers. Both are called while
 * no load runs; each adds what it finds to the ledger's violations.
 */
import { hash } from 'node:crypto';
import { ErrorReply } from '../../../src/protocol/error-codes.ts';
import type { ReplyValue } from '../../../src/protocol/reply-decoder.ts';
import { describe, USERS, WireClient } from '../support/wire-client.ts';
import { CATALOG, isKept } from './catalog.ts';
import type { DataFile, OrderRow } from './data-file.ts';
import { checkKept, isOfKept } from './hold-checks.ts';
import { type Ledger, type LoginEntry, nameOf, type OrderEntry } from './ledger.ts';

/** What a store holds, read by SQL alone. */
export type Rows = Pick<DataFile, 'stock' | 'logins' | 'orders'> & Partial<Pick<DataFile, 'held'>>;

/** One sale: the units of an item that an order took, and the units that were left after it. */
type Sale = readonly [qty: number, available: number];

/** Checks everything against the file. Answers with the number of orders in it. */
export function checkFile(ledger: Ledger, file: Rows): number {
  const sales = new Map<number, Sale[]>(CATALOG.map(({ upc }) => [upc, []]));
  const unnamed: Record<string, number> = { alice: 0, bob: 0, carol: 0 };
  const ofTransactions = new Map<readonly OrderEntry[], number>();
  let found = 0;
  let count = 0;
  const ofKept: OrderRow[] = [];
  for (const row of file.orders()) {
    count++;
    if (isOfKept(row)) {
      ofKept.push(row);
      continue;
    }
    const entry = ledger.order(row.user, row.id);
    if (entry === undefined) unnamed[row.user] = (unnamed[row.user] ?? 0) + 1;
    else if (entry.outcome !== null) {
      found++;
      const outcome = outcomeOf(row);
      if (outcome !== entry.outcome) {
        ledger.violation(`${nameOf(entry)}: answered ${entry.outcome}, on disk ${outcome}`);
      }
    }
    const together = entry?.together;
    if (together !== undefined) {
      ofTransactions.set(together, (ofTransactions.get(together) ?? 0) + 1);
    }
    if (row.refusal === null) addSales(row, sales, ledger);
  }
  checkNothingLost(ledger, file, found);
  for (const entries of ledger.transactions) {
    const there = ofTransactions.get(entries) ?? 0;
    if (there === 0 || there === entries.length) continue;
    ledger.violation(
      `the transaction of ${nameOf(entries[0] as OrderEntry)}: ${there} of ${entries.length} orders are on disk`,
    );
  }
  for (const user of USERS) {
    if ((unnamed[user] ?? 0) > ledger.lostUnnamed[user]) {
      ledger.violation(
        `${unnamed[user]} orders of ${user} on disk that nobody sent (${ledger.lostUnnamed[user]} ` +
          'were sent without an id and not answered)',
      );
    }
  }
  checkStock(ledger, file, sales);
  const kept = { stock: file.stock(), orders: ofKept, held: file.held?.() ?? [] };
  for (const fault of checkKept(ledger.holds, kept, Date.now())) ledger.violation(fault);
  checkLogins(ledger, file);
  return count;
}

export function outcomeOf({ at, lines, refusal }: OrderRow): string {
  return refusal === null ? `bought ${at} ${lines}` : `refused ${refusal}`;
}

function addSales(row: OrderRow, sales: ReadonlyMap<number, Sale[]>, ledger: Ledger): void {
  for (const [upc, qty, available] of JSON.parse(row.lines) as [number, number, number][]) {
    const list = sales.get(upc);
    if (list === undefined) ledger.violation(`order ${row.id} bought ${upc}, which is not on sale`);
    else list.push([qty, available]);
  }
}

/** `found`: the orders with a known outcome that are on disk. Names the others one by one. */
function checkNothingLost(ledger: Ledger, file: Rows, found: number): void {
  const known = [...ledger.orders.values()].filter((entry) => entry.outcome !== null);
  if (known.length === found) return;
  const onDisk = new Set<string>();
  for (const { user, id } of file.orders()) onDisk.add(`${user} ${id}`);
  for (const entry of known) {
    if (!onDisk.has(`${entry.user} ${entry.id}`)) {
      ledger.violation(`${nameOf(entry)}: lost, it was ${entry.outcome}`);
    }
  }
}

/**
 * Every unit is either available or sold, once: put in a row, the sales of an item lead from its
 * first units down to what is available now, each one beginning where the one before it ended.
 */
function checkStock(ledger: Ledger, file: Rows, sales: ReadonlyMap<number, Sale[]>): void {
  const stock = new Map(file.stock().map((row) => [row.upc, row]));
  for (const { upc, units } of CATALOG) {
    const row = stock.get(upc);
    if (row === undefined || row.units !== units) {
      ledger.violation(`item ${upc}: ${row?.units} units on disk, and ${units} in the catalogue`);
      continue;
    }
    if (row.available < 0) ledger.violation(`item ${upc}: oversold, ${row.available} available`);
    const list = (sales.get(upc) ?? []).sort((one, other) => other[1] - one[1]);
    const sold = list.reduce((sum, [qty]) => sum + qty, 0);
    if (units !== row.available + sold) {
      ledger.violation(
        `item ${upc}: ${units} units, but ${row.available} available + ${sold} sold`,
      );
    }
    let level = units;
    for (const [qty, available] of list) {
      if (available !== level - qty || available < 0) {
        ledger.violation(`item ${upc}: a sale of ${qty} at a level of ${level} left ${available}`);
      }
      level = available;
    }
  }
}

function checkLogins(ledger: Ledger, file: Rows): void {
  const rows = new Map(file.logins().map(({ token_hash, user }) => [token_hash, user]));
  for (const { token, user, state } of ledger.logins.values()) {
    const tokenHash = hash('sha256', token, 'base64url');
    const isThere = rows.get(tokenHash) === user;
    if (state === 'alive' && !isThere) ledger.violation(`a login of ${user} is lost`);
    if (state === 'ended' && isThere) ledger.violation(`a login of ${user} is back from the dead`);
    rows.delete(tokenHash);
  }
  for (const user of USERS) {
    const strange = [...rows.values()].filter((name) => name === user).length;
    if (strange > ledger.lostLogins[user]) {
      ledger.violation(
        `${strange} logins of ${user} on disk that nobody made (${ledger.lostLogins[user]} LOGINs ` +
          'were not answered)',
      );
    }
  }
}

const ASKING_CONNECTIONS = 16;

/** Of the holds and returns of each user so many are asked about; the rows were all looked at. */
const ASKED_HOLDS = 60;

/** What was answered before stands: asks the server about these orders and logins, and all stock. */
export async function checkWire(
  ledger: Ledger,
  port: number,
  { orders, logins }: { orders: readonly OrderEntry[]; logins: readonly LoginEntry[] },
  file: Rows,
): Promise<void> {
  for (const user of USERS) {
    // The server takes one ORDER of a connection at a time.
    const clients = await Promise.all(
      Array.from({ length: ASKING_CONNECTIONS }, () => WireClient.login(port, user)),
    );
    const clientFor = (index: number) => clients[index % ASKING_CONNECTIONS] as WireClient;
    const known = orders.filter((entry) => entry.user === user && entry.outcome !== null);
    const asked = known.map(async (entry, index) => {
      ledger.answered(entry, await clientFor(index).send('ORDER', entry.id), true);
    });
    await Promise.all(asked);
    if (user === 'alice') checkInventory(ledger, await clientFor(0).send('INVENTORY'), file);
    const own = logins.filter((login) => login.user === user);
    const resumed = own.map(async (login, index) =>
      ledger.resumed(login, await clientFor(index).send('RESUME', login.token)),
    );
    await Promise.all(resumed);
    const kept = [...ledger.holds.entries.values()].filter((entry) => entry.user === user);
    const told = kept.slice(-ASKED_HOLDS).map(async (entry, index) => {
      ledger.holds.told(entry, await clientFor(index).send('ORDER', entry.id));
    });
    await Promise.all(told);
    for (const client of clients) client.drop();
  }
}

function checkInventory(ledger: Ledger, reply: ReplyValue, file: Rows): void {
  const own = file.stock().filter(({ upc }) => !isKept(upc));
  const expected = own.map(({ upc, available }) => `${upc}:${available}`);
  const items = reply instanceof ErrorReply ? [] : (reply as ReadonlyMap<string, ReplyValue>[]);
  const others = items.filter((item) => !isKept(item.get('upc') as number));
  const got = others.map((item) => `${item.get('upc')}:${item.get('available')}`);
  if (got.join() !== expected.join()) {
    ledger.violation(`INVENTORY answers ${describe(reply)}, and on disk is ${expected.join()}`);
  }
}

/** From the answers alone: nobody was sold more than there was. */
export function checkAcknowledgedUnits(ledger: Ledger): void {
  const sold = new Map<number, number>();
  for (const { outcome, lines } of ledger.orders.values()) {
    if (!outcome?.startsWith('bought')) continue;
    for (const { upc, qty } of lines) sold.set(upc, (sold.get(upc) ?? 0) + qty);
  }
  for (const { upc, units } of CATALOG) {
    if ((sold.get(upc) ?? 0) > units) {
      ledger.violation(`item ${upc}: oversold, ${sold.get(upc)} of ${units} were acknowledged`);
    }
  }
}
