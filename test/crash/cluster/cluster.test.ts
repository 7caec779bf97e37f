/** The campaign in short, where the packages are installed; elsewhere it is left out, and says so. */
import { expect, test } from 'vitest';
import { runClusterCampaign } from './campaign.ts';
import { FAULTS, titleOf } from './faults.ts';
import { findPrograms, missingPackages } from './programs.ts';

/** A node needs few seconds to be missed; and when it is gone, the other one is alone. */
const DCS = { ttl: 10, loop_wait: 1, retry_timeout: 4, synchronous_mode_strict: false };
const TITLES = [
  'first server of inv killed (without strict)',
  'the node of the primary killed (without strict)',
];

const missing = missingPackages();
const leftOut = missing.length === 0 ? '' : ` (left out: no ${missing.join(', ')})`;

test.runIf(missing.length === 0)(
  `nothing is lost when a node of a Patroni cluster is killed${leftOut}`,
  async () => {
    const settings = { synchronous_mode_strict: false, failsafe_mode: true };
    const faults = FAULTS.map((fault) => ({ ...fault, settings }));
    const report = await runClusterCampaign({
      programs: findPrograms(),
      faults: TITLES.flatMap((title) => faults.find((fault) => titleOf(fault) === title) ?? []),
      ...{ count: TITLES.length, nodes: 2, seed: 18, clients: 2, dcs: DCS },
    });
    expect(report.violations).toEqual([]);
    expect(report.faults.map(({ title }) => title)).toEqual(TITLES);
    expect(report.bought).toBeGreaterThan(50);
    expect(report.reads).toBeGreaterThan(50);
    expect(report.messages).toBeGreaterThan(50);
    // Those of the server that was killed, and of the balancer, have subscribed again.
    expect(report.subscriptions).toBeGreaterThan(6 * TITLES.length);
    // The node was away: nobody sold until the other one was the primary.
    expect(report.faults.at(-1)?.gaps.hosts).toBeGreaterThan(3_000);
  },
  300_000,
);
