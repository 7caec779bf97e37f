/** The report of a cluster campaign as text. */
import type { ClusterCampaignReport, FaultReport } from './campaign.ts';

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
  const noticed = faults.filter((fault) => fault.noticed);
  const lost = noticed.reduce((sum, fault) => sum + fault.lost, 0);
  const lines = [
    `faults                   ${faults.length}`,
    `orders                   ${report.bought} bought, ${report.refused} refused`,
    `tried again after a loss ${counts.retried}`,
    `answers to readers       ${report.reads}`,
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
