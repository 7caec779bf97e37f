import { expect, test } from 'vitest';
import { Fire } from './fire.ts';
import { World } from './world.ts';

test('a shop under fire owns what it was sold, and its exit codes are right', async () => {
  const report = await Fire.run(14, 1, () => undefined);
  expect(report.violations).toEqual([]);
  expect(report.bought).toBeGreaterThan(0);
}, 180_000);

test('20 purchases at once on one account lose nothing', async () => {
  const report = await Fire.atOnce(20, 1, false);
  expect(report.violations).toEqual([]);
  expect(report.bought + report.refused).toBe(20);
}, 120_000);

test('a local inventory that is not what was sold is noticed', async () => {
  const world = await World.begin();
  // Bought by the same user, but not through this client.
  await world.buyElsewhere();
  await world.checkAtRest();
  expect(world.violations.splice(0)).toEqual([
    'the local inventory has , and the server sold 1001:1',
  ]);
  await world.end();
}, 60_000);
