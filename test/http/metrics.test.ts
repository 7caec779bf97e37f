/** The figures for Prometheus are those of INFO. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { commands } from '../support/raw-client.ts';
import { startSite } from './support/site.ts';

/** The samples by name, with their labels. */
function samplesOf(text: string): Map<string, number> {
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(
    lines.map((line) => {
      const [, name = '', value] = /^(\S+|\S+\{.*\}) (\S+)$/.exec(line) ?? [];
      return [name, Number(value)];
    }),
  );
}

test('what was sold, refused and settled', async () => {
  await using site = await startSite();
  await using client = await site.login();
  await client.send(
    commands('PURCHASE 1001 2', 'PURCHASE 1001 1', 'PURCHASE 1006 99', 'PURCHASE 1 1'),
  );
  await client.replies(4);
  const response = await site.get('/metrics');
  expect(response.headers.get('content-type')).toContain('text/plain; version=0.0.4');
  const samples = samplesOf(await response.text());
  const figures = site.server.figures();
  expect(Object.fromEntries(samples)).toMatchObject({
    inv_purchases_total: 2,
    inv_units_sold_total: 3,
    'inv_refusals_total{code="NOSTOCK"}': 1,
    'inv_refusals_total{code="NOITEM"}': 1,
    inv_logins_failed_total: 0,
    inv_connections: 1,
    inv_unread_bytes: 0,
    inv_store_available: 1,
    inv_store_bytes: expect.any(Number),
    inv_requests_total: figures.Stats?.total_commands_processed,
    inv_batches_total: figures.Persistence?.batches_settled,
    [`inv_info{version="0.0.0-test",shop="${site.server.identity.shop}"}`]: 1,
  });
  // Each batch has a time to its commit, and one to its replies.
  const batches = samples.get('inv_batches_total') as number;
  expect(samples.get('inv_commit_seconds_count')).toBe(batches);
  expect(samples.get('inv_batch_seconds_count')).toBe(batches);
  expect(samples.get('inv_batch_requests_sum')).toBeGreaterThanOrEqual(4);
  expect(samples.get('process_resident_memory_bytes')).toBeGreaterThan(1e6);
  const own = [...samples].filter(([name]) => name.startsWith('inv_'));
  expect(own.filter(([, value]) => Number.isNaN(value))).toEqual([]);
});

test('units that are held, for as long as they are', async () => {
  await using site = await startSite();
  await using client = await site.login();
  const held = async () =>
    samplesOf(await (await site.get('/metrics')).text()).get('inv_units_held');
  await client.send(commands('HOLD 1001 3 1006 2 FOR 60 ORDER mine', 'HOLD 1001 1 FOR 60'));
  await client.replies(2);
  await expect.poll(held, { timeout: 5_000 }).toBe(6);
  await client.send(commands('RELEASE mine'));
  await client.replies(1);
  await expect.poll(held, { timeout: 5_000 }).toBe(1);
});

test('levels only when they are asked for', async () => {
  await using site = await startSite();
  expect(await (await site.get('/metrics')).text()).not.toContain('inv_available');
  const samples = samplesOf(await (await site.get('/metrics?items=1')).text());
  expect(samples.get('inv_available{upc="1006"}')).toBe(10);
  expect([...samples.keys()].filter((name) => name.startsWith('inv_available'))).toHaveLength(14);
});

test('the dashboard and the rules of the documents ask for nothing that is not told', async () => {
  await using site = await startSite();
  const metrics = await (await site.get('/metrics')).text();
  const names = [...metrics.matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name as string);
  const told = new Set(names.flatMap(withSuffixes));
  const folder = join(import.meta.dirname, '../../docs/monitoring');
  for (const file of ['grafana-dashboard.json', 'prometheus-rules.yml']) {
    const text = readFileSync(join(folder, file), 'utf8');
    const asked = text.match(/\b(inv|process|nodejs)_[a-z0-9_]+\b/g) ?? [];
    expect(asked.length).toBeGreaterThan(3);
    expect(asked.filter((name) => !told.has(name))).toEqual([]);
  }
});

/** A histogram is told in three ways. */
function withSuffixes(name: string): string[] {
  return [name, `${name}_bucket`, `${name}_count`, `${name}_sum`];
}
