/** INFO tells nothing but what is so. */
import { expect, test } from 'vitest';
import { startServer } from '../support/in-process.ts';
import { commands, type RawClient } from '../support/raw-client.ts';

async function figures(client: RawClient, section = 'all'): Promise<Record<string, string>> {
  const text: string = await client.ask(`INFO ${section}`);
  const lines = text.split('\r\n').filter((line) => line.includes(':'));
  return Object.fromEntries(lines.map((line) => line.split(':') as [string, string]));
}

test('connections and requests are counted', async () => {
  await using server = await startServer();
  await using client = await server.login();
  const before = await figures(client, 'stats');
  expect(before).toEqual({
    total_connections_received: '1',
    // HELLO; the INFO itself is not counted yet.
    total_commands_processed: '1',
    rejected_connections: '0',
    pubsub_channels: '0',
    acl_access_denied_auth: '0',
    purchases: '0',
    units_sold: '0',
  });
  await client.send(commands('PURCHASE 1001 1', 'NONSENSE', 'PING', 'INVENTORY 1001'));
  await client.replies(4);
  {
    await using other = await server.connect();
    await other.ask('PING');
    expect((await figures(client, 'clients')).connected_clients).toBe('2');
  }
  const after = await figures(client);
  expect(after).toMatchObject({
    total_connections_received: '2',
    total_commands_processed: String(1 + 1 + 4 + 1 + 1),
    blocked_clients: '0',
    role: 'master',
    connected_slaves: '0',
    cluster_enabled: '0',
    tcp_port: String(server.port),
    process_id: String(process.pid),
  });
  expect(Number(after.batches_settled)).toBeGreaterThan(0);
});

test('memory and processor time are those of the process', async () => {
  await using server = await startServer();
  await using client = await server.connect();
  const { used_memory, used_memory_rss } = await figures(client, 'memory');
  const { rss, heapUsed } = process.memoryUsage();
  expect(Number(used_memory) / heapUsed).toBeGreaterThan(0.5);
  expect(Number(used_memory_rss) / rss).toBeCloseTo(1, 0);
  const { used_cpu_user } = await figures(client, 'cpu');
  const seconds = process.cpuUsage().user / 1e6;
  expect(Number(used_cpu_user)).toBeGreaterThan(0);
  expect(Number(used_cpu_user)).toBeLessThanOrEqual(seconds);
});

test('what is sold and refused is counted, and wrong passwords', async () => {
  await using server = await startServer();
  await using client = await server.login();
  await client.send(
    commands(
      'PURCHASE 1001 2 1006 1 ORDER first',
      'PURCHASE 1001 2 1006 1 ORDER first',
      'PURCHASE 1006 1000',
      'PURCHASE 1 1',
      'MULTI',
      'PURCHASE 1001 1',
      'PURCHASE 1 1',
      'EXEC',
    ),
  );
  await client.replies(8);
  await using stranger = await server.connect();
  expect(await stranger.ask('AUTH alice wrong')).toMatchObject({ code: 'WRONGPASS' });
  expect(await figures(client)).toMatchObject({
    purchases: '2',
    units_sold: '4',
    errorstat_NOSTOCK: 'count=1',
    errorstat_NOITEM: 'count=2',
    acl_access_denied_auth: '1',
    unread_bytes: '0',
    store_available: '1',
    batches_failed: '0',
  });
  expect(Number((await figures(client)).store_bytes)).toBeGreaterThan(10_000);
  expect(Number((await figures(client)).units_held)).toBe(0);
});

test('a hold counts when it is bought, also when some of it goes back in the same commit, and not when that comes later', async () => {
  const item = { upc: 1, name: 'one', units: 10, returns: true };
  await using server = await startServer({ catalog: [item] });
  await using client = await server.login();
  const sold = async () => {
    const { purchases, units_sold } = await figures(client);
    return [purchases, units_sold];
  };
  await client.ask('HOLD 1 3 FOR 60 ORDER h');
  expect(await sold()).toEqual(['0', '0']);
  await client.send(commands('MULTI', 'CONFIRM h', 'RETURN h 1 1 ORDER r', 'EXEC'));
  await client.replies(4);
  expect(await sold()).toEqual(['1', '3']);
  await client.ask('RETURN h 1 1 ORDER r2');
  await client.ask('HOLD 1 1 FOR 60 ORDER released');
  await client.ask('RELEASE released');
  await client.send(commands('MULTI', 'HOLD 1 2 FOR 60 ORDER i', 'CONFIRM i', 'EXEC'));
  await client.replies(4);
  expect(await sold()).toEqual(['2', '5']);
});
