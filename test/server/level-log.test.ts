import { describe, expect, test } from 'vitest';
import { MAX_FIRST_LEVELS } from '../../src/protocol/limits.ts';
import { ItemChannel, StockChannel, Subscription } from '../../src/server/channel.ts';
import { LevelLog } from '../../src/server/level-log.ts';

const owner = { note: () => undefined };

/** What comes after change `after`, as `upc=available`. */
function since(log: LevelLog, after: number, most?: number): string[] {
  return log.since(after, most).levels.map(({ upc, available }) => `${upc}=${available}`);
}

describe('the log of levels', () => {
  test('tells each item once, as it is now, in the order of its last change', () => {
    const log = new LevelLog();
    for (const [upc, units] of [
      [1, 10],
      [2, 20],
      [1, 9],
      [3, 30],
      [1, 8],
    ] as const)
      expect(log.set(upc, units)).toBe(true);
    expect(log.set(2, 20)).toBe(false);
    expect(since(log, -1)).toEqual(['2=20', '3=30', '1=8']);
    expect(since(log, 2)).toEqual(['3=30', '1=8']);
    expect(since(log, log.last)).toEqual([]);
    const { levels, upTo } = log.since(-1, 2);
    expect(levels).toHaveLength(2);
    expect(since(log, upTo)).toEqual(['1=8']);
  });

  test('tells of an item that is gone who may have heard of it', () => {
    const log = new LevelLog();
    for (const upc of [1, 2, 3]) log.set(upc, 5);
    log.set(1, 0, true);
    const known = log.last;
    log.set(2, 0, true);
    const upcs = (after: number, heard?: number) =>
      log.since(after, 9, heard).levels.map(({ upc }) => upc);
    expect(upcs(-1, known)).toEqual([3, 2]);
    expect(upcs(-1, log.last)).toEqual([3]);
    expect(upcs(0)).toEqual([3, 1, 2]);
  });

  test('tells what an item is called only when it was called otherwise, and then always', () => {
    const log = new LevelLog();
    const json = () => log.since(-1).levels.map((level) => level.json);
    log.set(1, 10);
    log.call(1, 'one', undefined);
    log.call(2, 'unknown', undefined);
    const before = log.last;
    log.call(1, 'one', undefined);
    expect([log.last, ...json()]).toEqual([before, '{"upc":1,"available":10}']);
    log.call(1, 'Zwei "für" drei', '01');
    expect(log.last).toBeGreaterThan(before);
    log.set(1, 9);
    const names = ',"name":"Zwei \\"f\u00c3\u00bcr\\" drei"';
    expect(json()).toEqual([`{"upc":1,"available":9${names},"code":"01"}`]);
    log.call(1, 'Zwei "für" drei', undefined);
    log.set(1, 0, true);
    expect(json()).toEqual([`{"upc":1,"available":0,"gone":true${names}}`]);
  });

  test('stays as long as its items, however often they change, and every place in it is good', () => {
    const log = new LevelLog();
    const places = [0];
    for (let change = 0; change < 100_000; change++) {
      log.set(change % 3, change);
      if (change % 10_000 === 0) places.push(log.last);
    }
    for (const place of places) {
      expect(since(log, place)).toEqual(['1=99997', '2=99998', '0=99999']);
    }
    expect(since(log, log.last - 1)).toEqual(['0=99999']);
  });
});

describe('a channel', () => {
  test('makes a message once for all who have read as far, in each version', () => {
    const log = new LevelLog();
    log.set(1, 10);
    log.set(2, 20);
    const stock = new StockChannel('stock', log);
    const all = [1, 2, 3].map(() => new Subscription(stock, owner));
    const [slow, ...others] = all as [Subscription, ...Subscription[]];
    const first = all.map((one) => one.next()?.bytes(3));
    expect(new Set(first).size).toBe(1);
    expect(String(first[0])).toBe(
      '>3\r\n$7\r\nmessage\r\n$5\r\nstock\r\n$51\r\n[{"upc":1,"available":10},{"upc":2,"available":20}]\r\n',
    );
    log.set(1, 9);
    const told = others.map((one) => one.next());
    expect(told[0]).toBe(told[1]);
    expect(told[0]?.bytes(2)).toBe(told[1]?.bytes(2));
    expect(String(told[0]?.bytes(2))).toMatch(/^\*3\r\n.*\r\n\[\{"upc":1,"available":9\}\]\r\n$/s);
    expect(others[0]?.next()).toBeNull();
    // Who read nothing meanwhile is told once what all the changes came to.
    log.set(2, 19);
    log.set(1, 8);
    expect(String(slow.next()?.bytes(3))).toContain(
      '[{"upc":2,"available":19},{"upc":1,"available":8}]',
    );
    expect(slow.isTold).toBe(true);
  });

  test('tells what goes while the first levels are told, in parts, to who may have heard of it, and to nobody else', () => {
    const log = new LevelLog();
    const stock = new StockChannel('stock', log);
    for (let upc = 1; upc <= 2 * MAX_FIRST_LEVELS + 5; upc++) log.set(upc, 1);
    const rest = (one: Subscription) => {
      let text = '';
      for (let message = one.next(); message !== null; message = one.next()) {
        text += String(message.bytes(3));
      }
      return text;
    };
    const early = new Subscription(stock, owner);
    expect(String(early.next()?.bytes(3))).toContain('{"upc":1,"available":1}');
    log.set(1, 0, true);
    const late = new Subscription(stock, owner);
    const gone = '{"upc":1,"available":0,"gone":true}';
    expect(rest(late)).not.toContain(gone);
    expect(rest(early)).toContain(gone);
    expect([early.isTold, late.isTold]).toEqual([true, true]);
  });

  test('of a shop without items says so, and so does that of an item that is not on sale', () => {
    const log = new LevelLog();
    const stock = new Subscription(new StockChannel('stock', log), owner);
    expect(String(stock.next()?.bytes(3))).toMatch(/\$2\r\n\[\]\r\n$/);
    expect(stock.next()).toBeNull();
    const item = new Subscription(new ItemChannel('stock:01', log, 1), owner);
    expect(String(item.next()?.bytes(3))).toMatch(/stock:01\r\n\$2\r\n\[\]\r\n$/);
    log.set(2, 5);
    expect(item.next()).toBeNull();
    log.set(1, 5);
    expect(String(item.next()?.bytes(3))).toContain('stock:01\r\n$25\r\n[{"upc":1,"available":5}]');
  });
});
