/** Work that grows with the shop takes as long as it takes, the log says so, and a connection that breaks ends it. */
import { readFileSync } from 'node:fs';
import { afterAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { CATALOG } from '../../../src/inventory/catalog.ts';
import { StoreRefused } from '../../../src/inventory/store.ts';
import { openPostgresStore } from '../../../src/stores/postgres/open.ts';
import { PostgresServer } from '../../support/postgres-server.ts';
import { TcpProxy } from '../../support/tcp-proxy.ts';
import { levels } from '../orders.ts';

const server = await PostgresServer.start();
afterAll(() => server[Symbol.asyncDispose]());

const VERSION_1 = readFileSync(new URL('fixtures/version-1.sql', import.meta.url), 'utf8');

const CHANGED = 'the tables are changed for this version';
const READ = 'items, logins and orders are read and written';

/** A start over tables of version 1.0.0, whose first message with `statement` stays under way. */
async function startWith(statement: string) {
  const address = await server.newDatabase();
  await server.run(address, VERSION_1);
  const proxy = await TcpProxy.to(server.port);
  onTestFinished(() => proxy[Symbol.asyncDispose]());
  const underWay = Promise.withResolvers<void>();
  let isHeld = false;
  proxy.fromClient = (chunk) => {
    if (isHeld || !chunk.includes(statement)) return 'pass';
    isHeld = true;
    underWay.resolve();
    return 'hold';
  };
  const told: string[] = [];
  const minutePasses = timers();
  const opening = openPostgresStore(
    address.replace(`:${server.port}/`, `:${proxy.port}/`),
    CATALOG,
    (event, fields) => told.push(`${event}: ${fields?.what}`),
  );
  opening.catch(() => undefined);
  await Promise.race([underWay.promise, opening]);
  return { opening, proxy, told, minutePasses };
}

/** Notes the timers that are set from now on. What is returned runs those of the next minute, as if it had passed. */
function timers(): () => void {
  const waiting = new Map<unknown, { run: () => void; ms: number }>();
  const { setTimeout: set, clearTimeout: clear } = globalThis;
  vi.spyOn(globalThis, 'setTimeout').mockImplementation(((
    run: (...values: unknown[]) => void,
    ms: number,
    ...values: unknown[]
  ) => {
    const timer = set(run, ms, ...values);
    waiting.set(timer, { run: () => run(...values), ms });
    return timer;
  }) as typeof setTimeout);
  vi.spyOn(globalThis, 'clearTimeout').mockImplementation((timer) => {
    waiting.delete(timer);
    clear(timer);
  });
  onTestFinished(() => void vi.restoreAllMocks());
  return () => {
    for (const [timer, { run, ms }] of waiting) {
      // Shorter ones are those of the login, which is over.
      if (ms < 5_000 || ms > 60_000) continue;
      clearTimeout(timer as NodeJS.Timeout);
      run();
    }
  };
}

describe.each([
  ['a step that changes the tables', 'ADD COLUMN expired_to', CHANGED],
  ['its commit', 'COMMIT', CHANGED],
  ['writing the items', 'INSERT INTO inv.stock', READ],
  ['counting the logins', 'AS count FROM inv.logins', READ],
  ['reading the orders', 'WITH RECURSIVE users', READ],
])('%s', (_what, statement, what) => {
  test('takes a minute: it is told once, and the server starts', async () => {
    const { opening, proxy, told, minutePasses } = await startWith(statement);
    expect(told).toEqual([]);
    minutePasses();
    expect(told).toEqual([`this takes long: ${what}`]);
    proxy.release();
    const store = await opening;
    expect(told).toEqual([`this takes long: ${what}`, `done: ${what}`]);
    expect(await levels(store)).toMatchObject({ 1001: 48 });
    await store.close();
  });

  test('ends when the connection breaks', async () => {
    const { opening, proxy, told } = await startWith(statement);
    proxy.cutAll();
    await expect(opening).rejects.toThrow(StoreRefused);
    expect(told).toEqual([]);
  });
});
