/** `--http`, from the program as it is shipped. */
import { copyFileSync } from 'node:fs';
import { Agent, get } from 'node:https';
import { connect } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { expect, test } from 'vitest';
import { Authority, hasOpenssl } from '../support/certificates.ts';
import { TemporaryFolder } from '../support/folder.ts';
import { ask, loadPage, pageOf } from '../support/http-page.ts';
import { PASSWORDS } from '../support/in-process.ts';
import { serve, serveWith } from '../support/serve-process.ts';

const LIVE = `GET /live.json HTTP/1.1\r\nHost: inv\r\nAuthorization: Basic ${btoa(`alice:${PASSWORDS.alice}`)}\r\n\r\n`;

test('a page, figures and readiness, until the server stops', async () => {
  using folder = new TemporaryFolder();
  await using server = await serveWith({ INV_HTTP: '0' }, '--data', folder.file('shop.db'));
  const page = pageOf(server);
  expect(page).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/$/);
  expect((await fetch(new URL('readyz', page))).status).toBe(200);
  expect((await fetch(page)).status).toBe(401);
  expect((await loadPage(page)).toSorted()).toEqual([
    '',
    'chart.js',
    'icon.svg',
    'levels.js',
    'page.css',
    'page.js',
    'uplot.css',
    'uplot.js',
  ]);
  await using client = await server.login();
  await client.ask('PURCHASE 1006 10');
  expect(await (await ask(new URL('live.json?search=1006', page))).json()).toMatchObject({
    totals: { purchases: 1, units: 10, soldOut: 1 },
    levels: [{ upc: 1006, available: 0, most: 10 }],
  });
  expect(await (await ask(new URL('metrics', page))).text()).toContain('\ninv_purchases_total 1\n');
  expect(await server.stop()).toMatchObject({ code: 0 });
  await expect(fetch(new URL('healthz', page))).rejects.toThrow();
});

test('a stop is a good one while many ask without a pause', async () => {
  using folder = new TemporaryFolder();
  await using server = await serve(folder.file('shop.db'), '--http', '0');
  const page = pageOf(server);
  expect((await ask(new URL('live.json', page))).status).toBe(200);
  let replies = 0;
  const visitors = Array.from({ length: 16 }, () => {
    const socket = connect(Number(new URL(page).port), '127.0.0.1');
    // Half as many ahead as a connection may have: some are always unanswered.
    socket.write(LIVE.repeat(4));
    socket.on('data', (bytes) => {
      const count = bytes.toString().split('HTTP/1.1 200').length - 1;
      replies += count;
      socket.write(LIVE.repeat(count));
    });
    socket.on('error', () => undefined);
    return new Promise((resolve) => socket.on('close', resolve));
  });
  await expect.poll(() => replies, { interval: 5, timeout: 30_000 }).toBeGreaterThan(300);
  const { code, stderr } = await server.stop();
  await Promise.all(visitors);
  expect(stderr).not.toContain('store failed');
  expect(code).toBe(0);
});

test.runIf(hasOpenssl)('over TLS with the same certificate, and with its successor', async () => {
  using folder = new TemporaryFolder();
  using authority = new Authority();
  const [first, second] = [authority.issue(), authority.issue()];
  const [cert, key] = [folder.file('cert.pem'), folder.file('key.pem')];
  const use = (issued: typeof first) => {
    copyFileSync(issued.cert, cert);
    copyFileSync(issued.key, key);
  };
  use(first);
  const tls = ['--tls-cert', cert, '--tls-key', key];
  await using server = await serve(folder.file('shop.db'), ...tls, '--http', 'localhost:0');
  const page = pageOf(server);
  expect(page).toMatch(/^https:/);
  const ready = () =>
    new Promise<readonly [status: number | undefined, serial: string]>((resolve, reject) => {
      const options = { ca: authority.trusted, servername: 'localhost', agent: new Agent() };
      get(new URL('readyz', page), options, (response) => {
        const { serialNumber } = (response.socket as TLSSocket).getPeerCertificate();
        resolve([response.statusCode, serialNumber]);
        response.destroy();
      }).on('error', reject);
    });
  const [status, serial] = await ready();
  expect(status).toBe(200);
  use(second);
  server.child.kill('SIGHUP');
  await expect.poll(async () => (await ready())[1], { timeout: 10_000 }).not.toBe(serial);
});
