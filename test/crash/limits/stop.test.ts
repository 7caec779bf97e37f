import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, expect, test } from 'vitest';
import { ServerProcess } from '../support/server-process.ts';
import { WireClient } from '../support/wire-client.ts';
import { runStarts } from './start.ts';
import { runStops } from './stop.ts';

const folder = mkdtempSync(join(tmpdir(), 'inv-stop-'));
const data = join(folder, 'inventory.db');

afterAll(() => rmSync(folder, { recursive: true }));

test('SIGTERM under load loses no reply that was owed', async () => {
  const report = await runStops(3, 1);
  expect(report.violations).toEqual([]);
  expect(report.orders).toBeGreaterThan(1_000);
});

test('a second SIGTERM ends a stop that waits for a client, and loses nothing either', async () => {
  const server = await ServerProcess.start({ data });
  const buyer = await WireClient.login(server.port, 'bob');
  const reply = await buyer.send('PURCHASE', '1001', '1', 'ORDER', 'kept');
  expect(reply).toBeInstanceOf(Map);

  // A client that never reads: the stop gives it some seconds to take its replies.
  const deaf = connect(server.port, '127.0.0.1').pause();
  deaf.write('AUTH alice wonderland\r\n');
  deaf.write('INVENTORY\r\n'.repeat(5_000));
  await once(deaf, 'connect');
  const unread = async () =>
    Number(/unread_bytes:(\d+)/.exec(String(await buyer.send('INFO')))?.[1]);
  await expect.poll(unread).toBeGreaterThan(0);

  server.signal('SIGTERM');
  // Nothing may end it for so long. Two signals within half a second count as one: Ctrl-C under npm comes twice.
  expect(await Promise.race([server.exited, pause(700, 'still stopping')])).toBe('still stopping');
  const asked = performance.now();
  expect(await server.end('SIGTERM')).toEqual({ code: 1, signal: null });
  expect(performance.now() - asked).toBeLessThan(1_000);
  deaf.destroy();

  const again = await ServerProcess.start({ data });
  const client = await WireClient.login(again.port, 'bob');
  expect(await client.send('ORDER', 'kept')).toEqual(
    new Map<string, unknown>([
      ...(reply as Map<string, unknown>),
      ['replayed', true],
      ['state', 'bought'],
    ]),
  );
  client.drop();
  await again.end('SIGTERM');
});

test('a file with orders that were written into it starts, also after a kill, and sells on', async () => {
  const report = await runStarts(1_000, () => undefined, 1);
  expect(report).toMatchObject({ orders: 1_000, works: true });
});
