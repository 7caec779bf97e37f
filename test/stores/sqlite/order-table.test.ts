import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import { openSqliteStore } from '../../../src/stores/sqlite/sqlite-store.ts';
import { TemporaryFolder } from '../../support/folder.ts';
import { alice, Buyer, settleAll } from '../orders.ts';

const ITEMS = [{ upc: 1, name: 'one', units: 1_000 }];

test.for(['confirm', 'release'] as const)(
  'of holds that end with %s, each row has all that has changed, whatever else happened in the batch',
  async (kind) => {
    using folder = new TemporaryFolder();
    const path = folder.file('inventory.db');
    const store = openSqliteStore(path, ITEMS);
    const buyer = new Buyer();
    const hold = (order: string) => {
      const purchase = buyer.buy('1x1', order);
      return { ...purchase, kind: 'hold' as const, seconds: 60, maxHolds: 1_000 };
    };
    const end = (order: string) => ({ kind, session: alice, order });
    const ids = Array.from({ length: 100 }, (_, index) => `hold-${index}`);
    await settleAll(store, ids.map(hold));
    const rows = () => {
      const db = new DatabaseSync(path, { readOnly: true });
      const found = db
        .prepare('SELECT id, at, lines, state, until, seconds, ended FROM orders')
        .all();
      db.close();
      return new Map(found.map((row) => [row.id as string, row]));
    };
    const before = rows();
    const extended = { kind: 'extend' as const, session: alice, order: 'hold-7', seconds: 3_600 };
    await settleAll(store, [extended, ...ids.map(end)]);
    const after = rows();
    const state = kind === 'confirm' ? 'bought' : 'released';
    const ended = after.get('hold-0')?.ended;
    expect(ended).toEqual(expect.any(Number));
    for (const id of ids) {
      const { until, ...kept } = before.get(id) as Record<string, unknown>;
      const isLater = id === 'hold-7';
      expect(after.get(id)).toEqual({
        ...kept,
        state,
        ended,
        until: isLater ? expect.toSatisfy((later) => later > (until as number) + 3_000_000) : until,
      });
    }
    await store.close();
  },
);
