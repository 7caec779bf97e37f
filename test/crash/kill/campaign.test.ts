import { expect, test } from 'vitest';
import { type Amounts, runCampaign } from './campaign.ts';

const isEnough = ({ bought, refused, counts }: Amounts): boolean =>
  bought > 1_000 && refused > 100 && counts.transactions > 20 && counts.retried > 100;

test('nothing is lost, doubled or oversold over ten kills under load', async () => {
  const options = { kills: 10, seed: 1, clients: 32, maxLoadMs: 250, isEnough };
  const report = await runCampaign(options);
  expect(report.violations).toEqual([]);
  expect(report).toSatisfy(isEnough);
}, 120_000);
