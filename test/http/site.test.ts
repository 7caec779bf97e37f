/** What a server tells over HTTP, and to whom. */
import { request } from 'node:http';
import { connect } from 'node:net';
import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import { type Store, StoreUnavailable } from '../../src/inventory/store.ts';
import { USERS } from '../../src/inventory/users.ts';
import { commands } from '../support/raw-client.ts';
import { storeAround } from '../support/store-around.ts';
import { basic, startSite } from './support/site.ts';

/** What the page is told, as far as the tests look at it. */
interface Told {
  readonly totals: unknown;
  readonly levels: readonly { readonly name: string }[];
  readonly refusals: readonly unknown[];
}

const live = async (response: Response) => (await response.json()) as Told;

test('health and readiness are told to anybody, all else to users of the shop', async () => {
  await using site = await startSite();
  for (const path of ['/healthz', '/readyz']) {
    const response = await site.get(path, null);
    expect([response.status, await response.text()]).toEqual([200, 'ok\n']);
  }
  for (const path of ['/', '/metrics', '/live.json', '/page.js', '/uplot.js', '/nothing']) {
    const response = await site.get(path, null);
    expect(response.status).toBe(401);
    expect(response.headers.get('www-authenticate')).toBe('Basic realm="inv", charset="UTF-8"');
  }
  expect((await site.get('/')).status).toBe(200);
  expect((await site.get('/nothing')).status).toBe(404);
  const posted = await fetch(`${site.origin}/healthz`, { method: 'POST', body: 'x' });
  expect([posted.status, posted.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
});

test('a browser is told to keep nothing, to load nothing from elsewhere, and to show no frame', async () => {
  await using site = await startSite();
  for (const path of ['/', '/page.css', '/live.json', '/nothing', '/healthz']) {
    const { headers } = await site.get(path);
    const policy = headers.get('content-security-policy') ?? '';
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("script-src 'self';");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).not.toContain('unsafe');
    expect(headers.get('cache-control')).toBe('no-store');
    expect(headers.get('x-content-type-options')).toBe('nosniff');
  }
  const page = await (await site.get('/')).text();
  expect(page).not.toMatch(/<script>|<style|style=|onclick|https?:\/\//);
  const files = [...page.matchAll(/(?:src|href)="([^"#]+)"/g)].map(([, file]) => file);
  expect(files).toEqual(expect.arrayContaining(['icon.svg', 'page.css', 'page.js', 'metrics']));
  for (const file of files) expect((await site.get(`/${file}`)).status).toBe(200);
});

test('not ready while the store is away, and ready again by itself', async () => {
  let isAway = false;
  await using site = await startSite({
    wrap: (store: Store) =>
      storeAround(store, {
        settle: (requests) => {
          if (isAway) throw new StoreUnavailable('the database is away: gone');
          return store.settle(requests);
        },
      }),
  });
  isAway = true;
  const response = await site.get('/readyz', null);
  expect([response.status, await response.text()]).toEqual([503, 'the database is away: gone\n']);
  expect((await site.get('/healthz', null)).status).toBe(200);
  expect(await live(await site.get('/live.json'))).toMatchObject({
    trouble: 'the database is away: gone',
    isReading: true,
    levels: [],
  });
  expect(await (await site.get('/metrics')).text()).toContain('\ninv_store_available 0\n');
  isAway = false;
  const status = async () => (await site.get('/readyz', null)).status;
  await expect.poll(status, { timeout: 5_000, interval: 100 }).toBe(200);
  const stopped = site.server.stop();
  expect((await site.get('/readyz', null)).status).toBe(503);
  await stopped;
});

test('a stop drops what is still being told, and nothing is asked of a store that is closed', async () => {
  const asked: string[] = [];
  const reading = Promise.withResolvers<void>();
  await using site = await startSite({
    wrap: (store: Store) =>
      storeAround(store, {
        settle: (requests) => {
          asked.push(...requests.map(({ kind }) => kind));
          if (asked.includes('inventory')) reading.resolve();
          return store.settle(requests);
        },
        close: () => {
          asked.push('close');
          return store.close();
        },
      }),
  });
  const told = site.get('/live.json').catch(() => null);
  await reading.promise;
  await site.server.stop(() => site.site.stop());
  expect(await told).toBeNull();
  expect(asked.at(-1)).toBe('close');
  expect(site.failures).toEqual([]);
});

test('who is removed, or has another password, is out with the next request', async () => {
  await using site = await startSite();
  expect((await site.get('/live.json')).status).toBe(200);
  site.server.replaceUsers(USERS.filter(({ name }) => name !== 'alice'));
  expect((await site.get('/live.json')).status).toBe(401);
  expect((await site.get('/live.json', 'bob')).status).toBe(200);
});

test('wrong passwords take longer each time, are counted, and are in the log', async () => {
  await using site = await startSite();
  const wrong = async (user: string, password = 'wrong') => {
    const start = performance.now();
    const { status } = await fetch(`${site.origin}/`, { headers: basic(user, password) });
    expect(status).toBe(401);
    return performance.now() - start;
  };
  expect(await wrong('alice')).toBeGreaterThan(100);
  expect(await wrong('alice')).toBeGreaterThan(200);
  await wrong('mallory');
  expect(site.logged.filter(({ event }) => event === 'login failed')).toEqual([
    expect.objectContaining({ user: 'alice', address: '127.0.0.1' }),
    expect.objectContaining({ user: 'alice' }),
    expect.objectContaining({ user: null }),
  ]);
  expect(await (await site.get('/metrics')).text()).toContain('\ninv_logins_failed_total 3\n');
  // What no user could have costs nothing.
  for (const header of ['Basic', 'Basic ==', 'Bearer x', `Basic ${btoa('alice')}`]) {
    const response = await fetch(`${site.origin}/`, { headers: { Authorization: header } });
    expect(response.status).toBe(401);
  }
  expect(site.server.passwords.failures).toBe(3);
});

test('the page is told the levels, what sells, what was refused and who serves', async () => {
  await using site = await startSite();
  const before = await live(await site.get('/live.json?list=all'));
  expect(before).toMatchObject({
    user: 'alice',
    trouble: null,
    totals: { purchases: 0, items: 14, soldOut: 0 },
    list: { page: 0, total: 14 },
    server: { pid: process.pid, version: '0.0.0-test', shop: site.server.identity.shop },
  });
  expect(before.levels[0]).toEqual({
    ...{ upc: 1001, code: '1001', name: 'Concert ticket, front row' },
    ...{ available: 50, most: 50 },
  });
  await using client = await site.login();
  await client.send(commands('PURCHASE 1006 10', 'PURCHASE 1006 1', 'PURCHASE 1001 2'));
  await client.replies(3);
  const after = await live(await site.get('/live.json'));
  expect(after.totals).toMatchObject({ purchases: 2, units: 12, refusals: 1, soldOut: 1 });
  expect(after.levels.slice(0, 2)).toMatchObject([
    { upc: 1006, available: 0, most: 10 },
    { upc: 1001, available: 48 },
  ]);
  expect(after.refusals).toMatchObject([{ code: 'NOSTOCK', times: 1 }]);
  expect(JSON.stringify(after.refusals)).not.toContain('alice');
  expect((await live(await site.get('/live.json?search=POSTER'))).levels).toMatchObject([
    { upc: 1008 },
  ]);
  for (const query of ['list=x', 'page=-1', 'page=1.5', 'after=x', `search=${'x'.repeat(101)}`]) {
    expect((await site.get(`/live.json?${query}`)).status).toBe(400);
  }
});

test('an operator who changes a level is seen with the next look', async () => {
  await using site = await startSite();
  const level = async () => (await live(await site.get('/live.json?search=1006'))).levels[0];
  expect(await level()).toMatchObject({ available: 10 });
  using operator = new DatabaseSync(site.data);
  operator.exec('UPDATE stock SET available = 7 WHERE upc = 1006');
  expect(await level()).toMatchObject({ available: 7 });
});

test('a catalogue that changes while somebody looks: another name, an item that is new, one that is gone', async () => {
  const item = (upc: number, name: string) => ({ upc, name, units: 5 });
  await using site = await startSite({ catalog: [item(1, 'one'), item(2, 'two')] });
  const names = async () =>
    (await live(await site.get('/live.json?list=all'))).levels.map(({ name }) => name);
  expect(await names()).toEqual(['one', 'two']);
  const changed = [item(1, 'uno'), item(3, 'three')];
  site.site.catalogChanged(changed);
  await site.server.changeCatalog(changed);
  await expect.poll(names).toEqual(['uno', 'three']);
});

test('many connections: those that wait make room, and a head that never ends is cut', async () => {
  await using site = await startSite();
  const port = Number(new URL(site.origin).port);
  const sockets = Array.from({ length: 140 }, () => connect(port, '127.0.0.1'));
  let closed = 0;
  for (const socket of sockets) {
    socket.on('error', () => undefined);
    socket.on('close', () => closed++);
    socket.write('GET / HTTP/1.1\r\nX-Slow: ');
  }
  await expect.poll(() => closed, { timeout: 5_000 }).toBe(140 - 128);
  expect((await site.get('/healthz', null)).status).toBe(200);
  expect(site.told.map(({ event }) => event)).toContain('connection refused');
  for (const socket of sockets) socket.destroy();
});

test('a head that is too long, and bytes that are no request, are refused and change nothing', async () => {
  await using site = await startSite();
  const status = await new Promise((resolve) => {
    const asked = request(
      `${site.origin}/`,
      { headers: { X: 'x'.repeat(20_000) } },
      ({ statusCode }) => resolve(statusCode),
    );
    asked.on('error', () => resolve('cut'));
    asked.end();
  });
  expect([431, 'cut']).toContain(status);
  expect((await site.get('/healthz', null)).status).toBe(200);
});
