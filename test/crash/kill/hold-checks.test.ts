/** The checks of holds against rows that were changed by hand: what they do not notice, they do not prove. */
import { expect, test } from 'vitest';
import { ErrorReply } from '../../../src/protocol/error-codes.ts';
import type { ReplyValue } from '../../../src/protocol/reply-decoder.ts';
import { KEPT_ITEMS } from './catalog.ts';
import type { OrderRow } from './data-file.ts';
import { checkKept, type KeptRows } from './hold-checks.ts';
import { HoldLedger, type KeptEntry } from './hold-ledger.ts';

const NOW = Date.parse('2026-11-25T12:00:00Z');
const LATER = NOW + 60_000;
const LINES = [{ upc: 7001, qty: 2 }];

function reply(fields: Readonly<Record<string, ReplyValue>>, available = 38): ReplyValue {
  const line: [string, ReplyValue][] = [
    ['upc', 7001],
    ['qty', 2],
    ['available', available],
  ];
  const lines = [new Map(line)];
  return new Map<string, ReplyValue>(Object.entries({ at: 1, replayed: false, lines, ...fields }));
}

const held = (fields: Readonly<Record<string, ReplyValue>> = {}) =>
  reply({ state: 'held', until: LATER, ...fields });

interface Told {
  readonly violations: string[];
  readonly ledger: HoldLedger;
  readonly live: KeptEntry;
  readonly bought: KeptEntry;
  readonly over: KeptEntry;
  readonly back: KeptEntry;
}

/** A live hold, one that was bought, one that was let go, and a return of the second: all answered. */
function told(): Told {
  const violations: string[] = [];
  const ledger = new HoldLedger((sentence) => violations.push(sentence));
  const hold = (id: string) => {
    const entry = ledger.sending('hold', 'alice', id, LINES, { seconds: 60 });
    ledger.answered(entry, held());
    return entry;
  };
  const [live, bought, over] = [hold('live'), hold('bought'), hold('over')];
  ledger.confirmed(bought, reply({ at: 7 }), NOW);
  ledger.released(over, 'OK');
  const back = ledger.sending('return', 'alice', 'back', LINES, { of: 'bought' });
  ledger.answered(back, reply({}, 40));
  return { violations, ledger, live, bought, over, back };
}

/** What then lies in the store. */
function rows(): KeptRows {
  const row = (id: string, more: Partial<OrderRow>): OrderRow => ({
    ...{ user: 'alice', id, at: 1, lines: '[[7001,2,38]]', refusal: null },
    ...{ state: 'held', until: LATER, ended: null, of: null },
    ...more,
  });
  const orders = [
    row('live', {}),
    row('bought', { state: 'bought', ended: 7, lines: '[[7001,2,38,2]]' }),
    row('over', { state: 'released', ended: 8 }),
    row('back', { state: 'returned', until: null, of: 'bought', lines: '[[7001,2,40]]' }),
  ];
  const stock = KEPT_ITEMS.map(({ upc, units }) => ({
    ...{ upc, units },
    available: upc === 7001 ? units - 2 : units,
  }));
  return { stock, orders, held: [{ upc: 7001, until: LATER, units: 2 }] };
}

/** What is wrong when the row of `id` is `change`d; null: it is not there. */
function faultsWith(id: string, change: Partial<OrderRow> | null, now = NOW): string[] {
  const { orders, ...others } = rows();
  const changed = orders.flatMap((row) => {
    if (row.id !== id) return [row];
    return change === null ? [] : [{ ...row, ...change }];
  });
  return checkKept(told().ledger, { ...others, orders: changed }, now);
}

test('an honest store has no faults', () => {
  expect(told().violations).toEqual([]);
  expect(faultsWith('', null)).toEqual([]);
});

test('a hold that ended may lie there as it was, or its units may be free again', () => {
  const { stock, orders } = rows();
  const free = stock.map((row) => ({ ...row, available: row.units }));
  const folded = { stock: free, orders, held: [] };
  expect(checkKept(told().ledger, folded, LATER)).toEqual([]);
  expect(checkKept(told().ledger, folded, LATER - 1)).toEqual([
    expect.stringContaining('nothing held, its live holds say 2'),
  ]);
  expect(faultsWith('', null, LATER)).toEqual([]);
});

test.each<[string, string, Partial<OrderRow> | null, string]>([
  ['a lost hold', 'live', null, 'hold live of alice: lost'],
  ['a lost purchase of a hold', 'bought', null, 'hold bought of alice: lost'],
  ['a lost return', 'back', null, 'return back of alice: lost'],
  ['a bought hold that is held again', 'bought', { state: 'held' }, 'bought at 7, on disk held'],
  ['another time of a purchase', 'bought', { ended: 8 }, 'bought at 7, on disk bought 8'],
  ['a hold that was let go and is held', 'over', { state: 'held' }, 'over, on disk held'],
  ['a hold that was let go and is bought', 'over', { state: 'bought' }, 'over, on disk bought'],
  ['another end', 'live', { until: LATER - 1_000 }, `until ${LATER - 1_000}, not ${LATER}`],
  ['other lines', 'live', { lines: '[[7001,3,38]]' }, 'answered 1 [[7001,2,38]], on disk'],
  ['a refusal', 'live', { refusal: 'NOSTOCK x' }, 'on disk refused NOSTOCK x'],
  ['a return of another order', 'back', { of: 'live' }, 'on disk as returned of live'],
  ['a return of nothing', 'back', { of: 'live' }, 'more than live bought of 7001'],
])('%s is noticed', (_name, id, change, sentence) => {
  expect(faultsWith(id, change)).toContainEqual(expect.stringContaining(sentence));
});

test('units that are nowhere or twice are noticed', () => {
  const { stock, orders, held: kept } = rows();
  const ledger = told().ledger;
  const more = stock.map((row) => ({ ...row, available: row.available + 1 }));
  expect(checkKept(ledger, { stock: more, orders, held: kept }, NOW)).toHaveLength(
    KEPT_ITEMS.length,
  );
  const twice = [{ upc: 7001, until: LATER, units: 4 }];
  expect(checkKept(ledger, { stock, orders, held: twice }, NOW)).toEqual([
    expect.stringContaining('item 7001: 40 units, 38 available and 4'),
    expect.stringContaining('4 held, its holds say 2'),
  ]);
  const all = [...orders, { ...(orders[0] as OrderRow), id: 'stranger' }];
  expect(checkKept(ledger, { stock, orders: all, held: kept }, NOW)).toContainEqual(
    expect.stringContaining('which nobody sent'),
  );
});

test('more than a limit is noticed, live holds among it', () => {
  const limit = 9;
  const ledger = new HoldLedger(() => undefined);
  ledger.sending('hold', 'bob', 'h', [{ upc: 7005, qty: 10 }], { seconds: 60 });
  const row = {
    ...{ user: 'bob', id: 'h', at: 1, lines: '[[7005,10,30]]', refusal: null },
    ...({ state: 'held', until: LATER, ended: null, of: null } as const),
  };
  const stock = KEPT_ITEMS.map(({ upc, units }) => ({
    ...{ upc, units },
    available: upc === 7005 ? 30 : units,
  }));
  const store = { stock, orders: [row], held: [{ upc: 7005, until: LATER, units: 10 }] };
  const fault = `bob 7005: 10 units, and the limit is ${limit}`;
  expect(checkKept(ledger, store, NOW)).toEqual([fault]);
  expect(checkKept(ledger, store, LATER)).toEqual([]);
});

test.each<[string, (told: Told) => void, string]>([
  ['done twice', ({ ledger, live }) => ledger.answered(live, held()), 'done 2 times'],
  [
    'another outcome',
    ({ ledger, live }) => ledger.answered(live, held({ replayed: true, at: 2 })),
    'first 1 [[7001,2,38]], then 2',
  ],
  [
    'confirmed twice',
    ({ ledger, bought }) => ledger.confirmed(bought, reply({ at: 7 }), NOW),
    'confirmed twice',
  ],
  [
    'confirmed after its end',
    ({ ledger, live }) => ledger.confirmed(live, reply({}), LATER + 1_000),
    'confirmed after its end',
  ],
  [
    'confirmed after it was let go',
    ({ ledger, over }) => ledger.confirmed(over, reply({}), NOW),
    'gone, and then bought',
  ],
  [
    'let go after it was bought',
    ({ ledger, bought }) => ledger.released(bought, 'OK'),
    'bought, and then gone',
  ],
  [
    'held again',
    ({ ledger, over }) => ledger.told(over, held({ replayed: true })),
    'gone, and held again',
  ],
  [
    'shortened',
    ({ ledger, live }) => ledger.extended(live, new Map([['until', LATER - 1_000]])),
    `kept until ${LATER}, then until`,
  ],
  [
    'lost',
    ({ ledger, live }) => ledger.told(live, new ErrorReply('NOORDER', 'none')),
    'lost, it was',
  ],
  [
    'listed when it is over',
    ({ ledger, over }) => ledger.listed([over], [new Map([['order', 'over']])] as never),
    'among HOLDS, and it is gone',
  ],
  [
    'expired before its end',
    ({ ledger }) => {
      const until = Date.now() + 60_000;
      const entry = ledger.sending('hold', 'bob', 'early', LINES, { seconds: 60 });
      ledger.answered(entry, held({ until }));
      ledger.told(entry, held({ until, state: 'expired', replayed: true }));
    },
    'expired before its end',
  ],
  [
    'left out of the list',
    ({ ledger }) => {
      const entry = ledger.sending('hold', 'bob', 'unlisted', LINES, { seconds: 60 });
      ledger.answered(entry, held({ until: Date.now() + 60_000 }));
      ledger.listed([entry], []);
    },
    'not among HOLDS',
  ],
])('a hold that is %s is noticed', (_name, happens, sentence) => {
  const all = told();
  happens(all);
  expect(all.violations).toContainEqual(expect.stringContaining(sentence));
});
