import { describe, test } from 'vitest';
import { runCampaign } from './campaign.ts';

describe.concurrent('nothing is lost, doubled or oversold', () => {
  test('when two servers and their database are killed', async ({ expect }) => {
    const options = {
      kills: 4,
      seed: 7,
      clients: 16,
      withStandby: false,
      maxLoadMs: 250,
      leastBought: 50,
    };
    const report = await runCampaign(options);
    expect(report.violations).toEqual([]);
    expect(report.kills['the database']).toBeGreaterThan(0);
    expect(report.bought).toBeGreaterThanOrEqual(50);
  }, 120_000);

  test('when the primary is killed, and its synchronous standby takes over', async ({ expect }) => {
    const options = {
      kills: 3,
      seed: 3,
      clients: 16,
      withStandby: true,
      maxLoadMs: 250,
      leastBought: 10,
    };
    const report = await runCampaign(options);
    expect(report.violations).toEqual([]);
    expect(report.kills['the database']).toBeGreaterThan(0);
    expect(report.bought).toBeGreaterThanOrEqual(10);
  }, 120_000);
});
