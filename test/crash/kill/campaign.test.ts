import { expect, test } from 'vitest';
import { runCampaign } from './campaign.ts';

test('nothing is lost, doubled or oversold over ten kills under load', async () => {
  const report = await runCampaign({ kills: 10, seed: 1, clients: 32, maxLoadMs: 250 });
  expect(report.violations).toEqual([]);
  expect(report.bought).toBeGreaterThan(1_000);
  expect(report.refused).toBeGreaterThan(100);
  expect(report.counts.transactions).toBeGreaterThan(20);
  expect(report.counts.retried).toBeGreaterThan(100);
}, 60_000);
