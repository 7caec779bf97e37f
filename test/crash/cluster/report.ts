/** The report of a cluster campaign, and its text. */
import type { Count } from '../kill/buyer.ts';
import type { Sight } from './steady-buyer.ts';

/** Milliseconds without a success. */
export interface Gaps {
  readonly hosts: number;
  readonly balancer: number;
  /** Behind the balancer that leads to a server of inv. */
  readonly front: number;
  readonly sqlHosts: number;
  readonly sqlBalancer: number;
}

export interface FaultReport {
  readonly title: string;
  readonly gaps: Gaps;
  readonly sights: Readonly<Record<Sight, number>>;
  /** What inv added to what the database took, in milliseconds; null where the fault met inv itself. */
  readonly ownMs: number | null;
  /** What an operator had to do, because the cluster did not mend itself. */
  readonly byHand: readonly string[];
  /** Acknowledged orders that the cluster lost; inv noticed and stopped, and an operator accepted it. */
  readonly lost: number;
  /** Whether inv noticed a loss, and stopped. */
  readonly noticed: boolean;
  /** How long after the last sale every subscriber knew every level, in milliseconds. */
  readonly toldMs: number;
}

export interface ClusterCampaignReport {
  readonly faults: readonly FaultReport[];
  readonly violations: readonly string[];
  readonly counts: Readonly<Record<Count, number>>;
  readonly bought: number;
  readonly refused: number;
  readonly reads: number;
  /** What subscribers were sent, and how often they subscribed. */
  readonly messages: number;
  readonly subscriptions: number;
  /** The folder of the cluster; it stays when something was wrong. */
  readonly folder: string;
}

/** The table of docs/high-availability.md: seconds without a success, by fault. */
export function tableOf(faults: readonly FaultReport[]): string {
  const rows = faults.map(({ title, gaps, sights, noticed, lost, byHand }) => {
    const { hosts, balancer, front, sqlHosts, sqlBalancer } = gaps;
    const figures = [hosts, sqlHosts, balancer, sqlBalancer, front].map(seconds);
    const seen = Object.entries(sights).flatMap(([name, times]) =>
      times > 0 ? [`${times} × ${name}`] : [],
    );
    const sold = noticed ? `noticed, stopped (${lost} lost)` : 'went on';
    const outcome = [sold, ...byHand].join('; ');
    return `| ${title} | ${figures.join(' | ')} | ${seen.join(', ') || 'nothing'} | ${outcome} |`;
  });
  return [
    '| fault | inv, all hosts | SQL, all hosts | inv, one address | SQL, one address | clients of both | clients saw | outcome |',
    '|---|---|---|---|---|---|---|---|',
    ...rows,
  ].join('\n');
}

export function summaryOf(report: ClusterCampaignReport): string {
  const { faults, counts, violations } = report;
  const own = Math.max(0, ...faults.map(({ ownMs, noticed }) => (noticed ? 0 : (ownMs ?? 0))));
  const told = Math.max(0, ...faults.map(({ toldMs }) => toldMs));
  const noticed = faults.filter((fault) => fault.noticed);
  const lost = noticed.reduce((sum, fault) => sum + fault.lost, 0);
  const lines = [
    `faults                   ${faults.length}`,
    `orders                   ${report.bought} bought, ${report.refused} refused`,
    `tried again after a loss ${counts.retried}`,
    `answers to readers       ${report.reads}`,
    `messages to subscribers  ${report.messages} (${report.subscriptions} subscriptions); every level known at most ${seconds(told)} s after the last sale`,
    `logins, logouts          ${counts.logins}, ${counts.logouts}`,
    `inv's own part           at most ${seconds(own)} s`,
    noticed.length === 0
      ? 'lost, doubled, oversold  0'
      : `lost by the cluster      ${lost} orders in ${noticed.length} faults: noticed, stopped; doubled, oversold: 0`,
    `violations               ${violations.length}`,
  ];
  return lines.join('\n');
}

function seconds(ms: number): string {
  return (ms / 1000).toFixed(1);
}
