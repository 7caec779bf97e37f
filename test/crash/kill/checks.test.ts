/** The campaign's checks against data files that were changed by hand: what they do not notice, they do not prove. */
import { hash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ErrorReply } from '../../../src/protocol/error-codes.ts';
import type { ReplyValue } from '../../../src/protocol/reply-decoder.ts';
import { ServerProcess } from '../support/server-process.ts';
import type { User } from '../support/wire-client.ts';
import { newMarket, startBuyers } from './buyer.ts';
import { writeCatalog } from './catalog.ts';
import { checkAcknowledgedUnits, checkFile, checkWire } from './checks.ts';
import { DataFile } from './data-file.ts';
import { Gate } from './gate.ts';
import { Ledger, type OrderEntry } from './ledger.ts';

const folder = mkdtempSync(join(tmpdir(), 'inv-checks-'));
const data = join(folder, 'inventory.db');
const catalog = join(folder, 'catalog.json');
let ledger: Ledger;
let bought: OrderEntry;
let refused: OrderEntry;

/** A short honest load, whose ledger and file the tests then set against each other. */
beforeAll(async () => {
  writeCatalog(catalog);
  ledger = new Ledger();
  const gate = new Gate();
  const market = newMarket(ledger, gate);
  const server = await ServerProcess.start({ data, catalog });
  gate.open(server.port);
  const load = startBuyers(6, 7, market);
  const isEnough = () =>
    ledger.orders.size > 1_500 &&
    market.counts.logouts > 1 &&
    find('refused') !== undefined &&
    [...ledger.transactions].some((one) => one.some(isRefused));
  while (!isEnough()) await new Promise((resolve) => setImmediate(resolve));
  market.closing = true;
  await Promise.all(load);
  await server.end('SIGTERM');
  bought = find('bought') as OrderEntry;
  refused = find('refused') as OrderEntry;
});

afterAll(() => rmSync(folder, { recursive: true }));

function find(outcome: string): OrderEntry | undefined {
  return [...ledger.orders.values()].find((entry) => entry.outcome?.startsWith(outcome));
}

function isRefused({ outcome }: OrderEntry): boolean {
  return outcome?.startsWith('refused') === true;
}

/** What the checks say about a copy of the file that `sql` has changed. */
function violationsAfter(sql: string): string[] {
  using file = DataFile.copyOf(data);
  if (sql !== '') file.tamper(sql);
  checkFile(ledger, file);
  return ledger.violations.splice(0);
}

function where({ user, id }: OrderEntry): string {
  return `WHERE user = '${user}' AND id = '${id}'`;
}

function tokenHash(state: string): string {
  const login = [...ledger.logins.values()].find((one) => one.state === state);
  return hash('sha256', login?.token ?? '', 'base64url');
}

test('an honest file has no violations', () => {
  expect(violationsAfter('')).toEqual([]);
  checkAcknowledgedUnits(ledger);
  expect(ledger.violations).toEqual([]);
});

test('a lost purchase is noticed, also when its units are back on sale', () => {
  const giveBack = bought.lines.map(
    ({ upc, qty }) => `UPDATE stock SET available = available + ${qty} WHERE upc = ${upc};`,
  );
  const lost = `order ${bought.id} of ${bought.user}: lost`;
  for (const also of ['', giveBack.join('')]) {
    const violations = violationsAfter(`DELETE FROM orders ${where(bought)}; ${also}`);
    expect(violations).toContainEqual(expect.stringContaining(lost));
  }
});

test('a transaction that is half on disk is noticed, also when it was not answered', () => {
  const entries = [...ledger.transactions].find((one) => one.some(isRefused)) ?? [];
  const entry = entries.find(isRefused) as OrderEntry;
  const { outcome } = entry;
  entry.outcome = null;
  const violations = violationsAfter(`DELETE FROM orders ${where(entry)}`);
  entry.outcome = outcome;
  expect(violations).toEqual([
    expect.stringContaining(`${entries.length - 1} of ${entries.length} orders are on disk`),
  ]);
});

test('a lost refusal is noticed', () => {
  // Of a transaction, it is noticed as a half of that too.
  const violations = violationsAfter(`DELETE FROM orders ${where(refused)}`);
  const lost = `order ${refused.id} of ${refused.user}: lost`;
  expect(violations).toContainEqual(expect.stringContaining(lost));
});

test('another outcome than was answered is noticed', () => {
  for (const change of ['at = at + 1', "lines = '[[1001,1,1]]'", "refusal = 'NOSTOCK sold out'"]) {
    const violations = violationsAfter(`UPDATE orders SET ${change} ${where(bought)}`);
    expect(violations).toContainEqual(expect.stringContaining('answered bought'));
  }
});

test('units that were taken twice are noticed', () => {
  const { upc, qty } = bought.lines[0] as { upc: number; qty: number };
  const take = `UPDATE stock SET available = available - ${qty} WHERE upc = ${upc};`;
  expect(violationsAfter(take)).toEqual([expect.stringMatching(/^item \d+: \d+ units, but/)]);
  // With an order of its own, as if the server had applied it under another id.
  // As many of them as were sent without an id and lost could be honest: one more cannot.
  const others = Array.from(
    { length: ledger.lostUnnamed[bought.user as User] + 1 },
    (_, index) => `INSERT INTO orders (user, id, at, lines, refusal, position)
      SELECT user, 'other-${index}', at, lines, refusal, position FROM orders ${where(bought)};`,
  );
  const violations = violationsAfter(`${take} ${others.join(' ')}`);
  expect(violations).toContainEqual(expect.stringContaining('that nobody sent'));
  expect(violations).toContainEqual(expect.stringContaining('at a level of'));
});

test('a unit too many or too few is noticed, and less than none', () => {
  expect(
    violationsAfter('UPDATE stock SET available = available + 1 WHERE upc = 1001'),
  ).toHaveLength(1);
  expect(violationsAfter('UPDATE stock SET units = units - 1 WHERE upc = 1001')).toHaveLength(1);
  const oversold = violationsAfter(
    'PRAGMA ignore_check_constraints = ON; UPDATE stock SET available = -1 WHERE upc = 1001',
  );
  expect(oversold).toContainEqual(expect.stringContaining('oversold'));
});

test('a lost login, one back from the dead and a strange one are noticed', () => {
  expect(violationsAfter(`DELETE FROM logins WHERE token_hash = '${tokenHash('alive')}'`)).toEqual([
    expect.stringMatching(/^a login of \w+ is lost/),
  ]);
  const user = [...ledger.logins.values()].find(({ state }) => state === 'ended')?.user;
  const insert = `INSERT INTO logins (token_hash, user, since)
    VALUES ('${tokenHash('ended')}', '${user}', 1)`;
  expect(violationsAfter(insert)).toEqual([expect.stringContaining('back from the dead')]);
  const strangers = Array.from({ length: 20 }, (_, index) => `('${index}', 'bob', 1)`).join();
  expect(
    violationsAfter(`INSERT INTO logins (token_hash, user, since) VALUES ${strangers}`),
  ).toEqual([expect.stringContaining('that nobody made')]);
});

test('a server that answers otherwise than before is noticed', async () => {
  const copy = join(folder, 'tampered.db');
  using file = DataFile.copyOf(data, copy);
  file.tamper(`DELETE FROM orders ${where(bought)}; UPDATE stock SET available = 7 WHERE upc = 1001;
    DELETE FROM logins WHERE token_hash = '${tokenHash('alive')}'`);
  const server = await ServerProcess.start({ data: copy, catalog });
  const everything = { orders: [...ledger.orders.values()], logins: [...ledger.logins.values()] };
  using honest = DataFile.copyOf(data);
  await checkWire(ledger, server.port, everything, honest);
  await server.end('SIGKILL');
  expect(ledger.violations.splice(0).sort()).toEqual([
    expect.stringMatching(/^INVENTORY answers/),
    expect.stringMatching(/^a login of \w+ is lost/),
    expect.stringContaining(`order ${bought.id} of ${bought.user}: lost`),
  ]);
});

test('answers that cannot all be true are noticed', () => {
  const own = new Ledger();
  const entry = own.sending('bob', 'one', [{ upc: 1, qty: 2 }]);
  const receipt = (at: number, replayed: boolean, qty: number): ReplyValue => {
    const line = new Map<string, ReplyValue>([
      ['upc', 1],
      ['qty', qty],
      ['available', 5],
    ]);
    return new Map<string, ReplyValue>([
      ['at', at],
      ['replayed', replayed],
      ['lines', [line]],
    ]);
  };
  const said = (reply: ReplyValue, wasKnown = false): string[] => {
    own.answered(entry, reply, wasKnown);
    return own.violations.splice(0);
  };
  expect(said(new ErrorReply('NOORDER', 'none'))).toEqual([]);
  expect(said(receipt(1, false, 2))).toEqual([]);
  expect(said(receipt(1, true, 2))).toEqual([]);
  expect(said(receipt(1, false, 2))).toEqual([expect.stringContaining('applied 2 times')]);
  expect(said(receipt(2, true, 2))).toEqual([expect.stringContaining('then bought 2')]);
  expect(said(receipt(2, true, 3))).toContainEqual(expect.stringContaining('other lines'));
  expect(said(new ErrorReply('NOSTOCK', 'none left'))).toHaveLength(1);
  expect(said(new ErrorReply('NOORDER', 'none'), true)).toEqual([expect.stringContaining('lost')]);
  expect(said(new ErrorReply('UNAVAILABLE', 'later'))).toHaveLength(1);
});
