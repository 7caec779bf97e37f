/** Which requests are put off because the order that they name has many lines. */
import { expect, test } from 'vitest';
import type { Request, Session, SingleRequest } from '../../src/inventory/model.ts';
import {
  asMayBeLong,
  linesNamed,
  MANY_LINES,
  MAX_TRANSACTION_LINES,
  MOST_LINES,
  putOff,
  withPutOff,
} from '../../src/inventory/order-work.ts';
import { settle } from '../../src/inventory/rules.ts';
import { MAX_ARGUMENTS } from '../../src/protocol/limits.ts';
import { buy, hold, rows } from './support/rows.ts';

const linesOf = (user: string, id: string) =>
  user !== 'alice' ? 0 : id.startsWith('long') ? MANY_LINES + 1 : MANY_LINES;
const alice = (): Session => ({ user: 'alice', since: 1, tokenHash: null });
const many = (count: number) => Array.from({ length: count }, (_, at) => `${at + 1}x1`).join(' ');

function places(...requests: Request[]): number[] {
  return [...(putOff(requests, linesOf) ?? [])];
}

/** Each by a session of its own. */
const naming: Record<string, (order: string) => Request> = {
  CONFIRM: (order) => ({ kind: 'confirm', session: alice(), order }),
  RELEASE: (order) => ({ kind: 'release', session: alice(), order }),
  EXTEND: (order) => ({ kind: 'extend', session: alice(), order, seconds: 60 }),
  'RETURN of it': (of) => ({ ...buy('1x1'), session: alice(), kind: 'return', of, order: 'r' }),
  'RETURN under its id': (order) => ({
    ...buy('1x1'),
    session: alice(),
    kind: 'return',
    of: 'short',
    order,
  }),
  PURCHASE: (order) => buy('1x1', { session: alice(), order }),
  HOLD: (order) => hold('1x1', { session: alice(), order }),
  EXEC: (order) => ({
    kind: 'transaction',
    requests: [{ kind: 'confirm', session: alice(), order }],
  }),
};

test.each(Object.entries(naming))(
  '%s of a long order is put off once, that of a short one never',
  (_, of) => {
    expect(places(of('short'), of('long'), of('short'))).toEqual([1]);
    expect(places(asMayBeLong(of('long')))).toEqual([]);
  },
);

test('an id that the server made is looked for nowhere, and a long purchase is known to be long', () => {
  expect(places(buy('1x1', { session: alice(), order: 'long', named: false }))).toEqual([]);
  const same = buy(many(MANY_LINES + 1), { session: alice(), order: 'long' });
  expect(places(same)).toEqual([]);
});

test('what the same session asks behind it is put off too, others are not', () => {
  const [one, other] = [alice(), alice()];
  const ask = (session: Session, order: string): Request => ({ kind: 'order', session, order });
  const requests: Request[] = [
    ask(one, 'short'),
    { kind: 'confirm', session: one, order: 'long' },
    ask(other, 'long'),
    ask(one, 'short'),
    { kind: 'inventory', session: null, upcs: [1] },
    buy('1x1', { session: other, order: 'short' }),
  ];
  expect(places(...requests)).toEqual([1, 3]);
});

test('the outcomes of the others keep their places', () => {
  const of = settle([buy('1x1', { order: 'a' }), buy('2x1', { order: 'b' })], rows);
  const [first, second] = of.outcomes;
  const putBack = withPutOff(of, new Set([0, 2, 3]));
  const off = { kind: 'putOff' };
  expect(putBack.outcomes).toEqual([off, first, off, off, second]);
  expect(withPutOff(of, null)).toBe(of);
});

test('the lines of a transaction are those of the orders that it names, as often as it names them', () => {
  const session = alice();
  const named = (kind: 'confirm' | 'release', order: string): SingleRequest => ({
    kind,
    session,
    order,
  });
  const count = (...requests: SingleRequest[]) => linesNamed(requests, 'alice', linesOf);
  expect(count(named('confirm', 'long'), named('release', 'long'))).toBe(2 * MANY_LINES + 2);
  // What a request says itself is known; what is made on the way is not on disk.
  const made = hold(many(100), { order: 'new', session });
  expect(linesNamed([made], 'alice', () => 0)).toBe(0);
  expect(linesNamed([made, named('confirm', 'new')], 'alice', () => 0)).toBe(100);
  const enough = Array.from({ length: 1_000 }, () => named('confirm', 'new'));
  expect(linesNamed([made, ...enough], 'alice', () => 0)).toBeGreaterThan(MAX_TRANSACTION_LINES);
});

test('a transaction that names too many lines is refused, and nothing of it is done', () => {
  const session = alice();
  const confirm: SingleRequest = { kind: 'confirm', session, order: 'h' };
  const lines = Array.from({ length: 10 }, (_, at) => ({ upc: at + 10, qty: 1 }));
  const times = Math.ceil(MAX_TRANSACTION_LINES / lines.length) + 1;
  const stock = new Map(lines.map(({ upc }) => [upc, { upc, name: '', available: 9 }]));
  const transaction = (count: number): Request => ({
    kind: 'transaction',
    requests: [hold('1x1', { lines, session }), ...Array(count).fill(confirm)],
  });
  const { outcomes, changes } = settle([asMayBeLong(transaction(times))], { ...rows, stock });
  expect(outcomes).toMatchObject([{ code: 'EXECABORT' }]);
  expect(changes.isEmpty).toBe(true);
  expect(settle([transaction(times)], { ...rows, stock }).outcomes).toEqual([{ kind: 'putOff' }]);
  const few = settle([transaction(3)], { ...rows, stock });
  expect(few.outcomes).toMatchObject([
    { outcomes: [{ kind: 'held' }, { replayed: false }, { replayed: true }, { replayed: true }] },
  ]);
});

test('a transaction that names as many lines as it may is done', () => {
  const session = alice();
  const lines = Array.from({ length: 16 }, (_, at) => ({ upc: at + 10, qty: 1 }));
  const stock = new Map(lines.map(({ upc }) => [upc, { upc, name: '', available: 9 }]));
  const outcomeOf = (count: number) => {
    const confirm: SingleRequest = { kind: 'confirm', session, order: 'h' };
    const requests = [hold('1x1', { lines, session }), ...Array(count).fill(confirm)];
    const transaction: Request = { kind: 'transaction', requests };
    return settle([asMayBeLong(transaction)], { ...rows, stock }).outcomes[0];
  };
  const most = MAX_TRANSACTION_LINES / lines.length;
  expect(outcomeOf(most)).toMatchObject({ kind: 'transaction' });
  expect(outcomeOf(most + 1)).toMatchObject({ code: 'EXECABORT' });
});

test('no order is longer than a request can say', () => {
  expect(MOST_LINES).toBe(Math.floor((MAX_ARGUMENTS - 1) / 2));
});
