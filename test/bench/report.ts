/** The figures as a Markdown page, which is also readable on a terminal. */
import { IN_MEMORY, type SyncedWrites } from './disk.ts';
import type { Machine } from './machine.ts';
import { scenarioName } from './measure.ts';
import { isReached, SCENARIOS, TARGETS, type Target } from './plan.ts';
import { median, type Samples } from './samples.ts';

export const PEER_NAMES: Readonly<Record<string, string>> = {
  inv: 'inv',
  other: 'inv, other build',
  'inv-tls': 'inv with TLS',
  redis: 'Redis',
  'redis-tls': 'Redis with TLS',
  postgres: 'PostgreSQL',
  nothing: 'does nothing',
  'only-ok': 'only says OK',
  'inv-postgres': 'inv over PostgreSQL',
  'inv-postgres-two': 'two inv over PostgreSQL',
  'inv-postgres-standby': 'inv over PostgreSQL with a standby',
};

const KINDS: Readonly<Record<string, string>> = {
  hot: ', one hot item',
  hold: ', holds',
  'hold-confirm': ', HOLD and CONFIRM in pairs',
};

/** `50 connections, 16 in flight`. */
export function scenarioTitle(name: string): string {
  const [, shape, kind] = /^(\d+x\d+)-?(.*)$/.exec(name) as unknown as [string, string, string];
  const [connections, inFlight] = shape.split('x');
  const buyers = connections === '1' ? '1 connection' : `${connections} connections`;
  return `${buyers}, ${inFlight} in flight${KINDS[kind] ?? ''}`;
}

export function figuresTable(samples: Samples): string {
  const rows: string[][] = [];
  for (const scenario of SCENARIOS.map(scenarioName)) {
    for (const peer of samples.peers(scenario)) {
      const figureOf = (figure: Parameters<Samples['median']>[2]) =>
        samples.median(scenario, peer, figure);
      const ratio = peer === 'inv' ? null : samples.ratio(scenario, peer, 'perSecond');
      rows.push([
        scenarioTitle(scenario),
        PEER_NAMES[peer] ?? peer,
        thousands(figureOf('perSecond')),
        ratio === null ? '' : `${rounded(ratio)}×`,
        rounded(figureOf('p50')),
        rounded(figureOf('p99')),
        rounded(figureOf('p999')),
        rounded(figureOf('cpuSecondsPerMillion')),
        rounded(figureOf('residentMegabytes'), 0),
        `${Math.round(100 * (figureOf('generatorLoad') as number))} %`,
      ]);
    }
  }
  return table(
    [
      'load',
      'server',
      'per second',
      'inv is',
      'p50 ms',
      'p99 ms',
      'p999 ms',
      'CPU s/million',
      'MB',
      'generator',
    ],
    rows,
    2,
  );
}

export function targetsTable(samples: Samples): string {
  const rows = TARGETS.map((target) => {
    const actual = samples.ratio(target.scenario, target.peer, target.figure, target);
    return [
      targetTitle(target),
      `${target.figure === 'perSecond' ? '≥' : '≤'} ${target.ratio}`,
      rounded(actual),
      actual === null ? 'not measured' : isReached(target, actual) ? 'reached' : '**not reached**',
    ];
  });
  return table(['', 'target', 'ratio', ''], rows, 1);
}

function targetTitle({ figure, server = 'inv', scenario, peer, peerScenario }: Target): string {
  const what = figure === 'perSecond' ? 'rate' : 'p999';
  const title = `${what} of ${PEER_NAMES[server]} / ${PEER_NAMES[peer]}, ${scenarioTitle(scenario)}`;
  return peerScenario === undefined ? title : `${title} / ${scenarioTitle(peerScenario)}`;
}

export interface Run {
  readonly samples: Samples;
  readonly machine: Machine;
  readonly rounds: number;
  readonly items: number;
  /** What the disk took at the start of each round. */
  readonly syncs: readonly SyncedWrites[];
  /** Why servers were left out. */
  readonly missing: readonly string[];
}

/** The two kinds of disk that results.md tells of, in its order; each run writes its own part anew. */
const PARTS = ['with a journal', 'without a journal'] as const;

const HEAD = `# Results

What is measured, and how: [README.md](README.md). "inv is": inv's rate divided by this server's. "generator": the
part of a core that the load generator used.
`;

/** `existing`: the page as it is, of which the part about the other kind of disk stays. */
export function page(run: Run, existing: string): string {
  const own = run.machine.disk.endsWith(PARTS[1]) ? PARTS[1] : PARTS[0];
  const parts = PARTS.map((part) => (part === own ? partOf(run, part) : partIn(existing, part)));
  return [HEAD, ...parts.filter((part) => part !== null)].join('\n');
}

function partIn(existing: string, part: string): string | null {
  return (
    new RegExp(`^## On a disk ${part}\n[^]*?(?=\n## On a disk |$(?![^]))`, 'm').exec(
      existing,
    )?.[0] ?? null
  );
}

function partOf({ samples, machine, rounds, items, syncs, missing }: Run, part: string): string {
  const medians = rounds === 1 ? 'One round' : `Medians of ${rounds} rounds, in turn`;
  return `## On a disk ${part}

${machine.date}: ${machine.description}; ${machine.disk}.
${syncsText(syncs)}.
${medians}; ${items} items at random.
${missing.map((text) => `\nLeft out: ${text}.\n`).join('')}${machine.disk === IN_MEMORY ? NOT_DURABLE : ''}
${targetsTable(samples)}

${figuresTable(samples)}
`;
}

/** `A synced write of 4 KB: 5,000/s over old bytes (…), 4,000/s behind them (…)`. */
export function syncsText(syncs: readonly SyncedWrites[]): string {
  const rate = (kind: keyof SyncedWrites) => {
    const rates = syncs.map((writes) => writes[kind]);
    const middle = thousands(median(rates));
    if (rates.length === 1) return `${middle}/s`;
    return `${middle}/s (${thousands(Math.min(...rates))} to ${thousands(Math.max(...rates))})`;
  };
  return `A synced write of 4 KB: ${rate('overwriting')} over old bytes, ${rate('appending')} behind them`;
}

export const NOT_DURABLE =
  '\n**The temporary folder is in memory: nothing was durable, and the figures say nothing.** Use --dir.\n';

/** `left`: how many columns hold text; the others hold numbers and stand at the right. */
export function table(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  left: number,
): string {
  const widths = head.map((title, column) =>
    Math.max(title.length, 3, ...rows.map((row) => (row[column] as string).length)),
  );
  const line = (cells: readonly string[]) =>
    `| ${cells
      .map((cell, column) => {
        const width = widths[column] as number;
        return column < left ? cell.padEnd(width) : cell.padStart(width);
      })
      .join(' | ')} |`;
  const rule = widths.map((width, column) =>
    column < left ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`,
  );
  return [line(head), line(rule), ...rows.map(line)].join('\n');
}

export function thousands(value: number | null): string {
  return value === null ? '' : Math.round(value).toLocaleString('en-US');
}

/** Two digits behind the point for small numbers, one for larger ones. */
export function rounded(
  value: number | null,
  digits = value !== null && value >= 20 ? 1 : 2,
): string {
  return value === null ? '' : value.toFixed(digits);
}
