/** Time and size of processes and their children, from Linux's /proc; null elsewhere. */
import { readdirSync, readFileSync } from 'node:fs';

/** Linux tells times in these, on every machine that Node runs on. */
const TICKS_PER_SECOND = 100;

export interface ProcessUse {
  readonly cpuSeconds: number;
  readonly residentMegabytes: number;
}

export function processUse(roots: readonly number[]): ProcessUse | null {
  try {
    const pids = withChildren(roots);
    let ticks = 0;
    let own = 0;
    let shared = 0;
    for (const pid of pids) {
      const fields = statFields(pid);
      ticks += Number(fields[11]) + Number(fields[12]);
      const status = readFileSync(`/proc/${pid}/status`, 'latin1');
      own += kilobytes(status, 'RssAnon');
      // Memory that the processes share counts once.
      shared = Math.max(shared, kilobytes(status, 'RssFile') + kilobytes(status, 'RssShmem'));
    }
    return { cpuSeconds: ticks / TICKS_PER_SECOND, residentMegabytes: (own + shared) / 1024 };
  } catch {
    return null;
  }
}

function withChildren(roots: readonly number[]): number[] {
  const children = new Map<number, number[]>();
  for (const name of readdirSync('/proc')) {
    const pid = Number(name);
    if (!Number.isInteger(pid)) continue;
    try {
      const parent = Number(statFields(pid)[1]);
      children.set(parent, [...(children.get(parent) ?? []), pid]);
    } catch {
      // It ended while we looked.
    }
  }
  const found = [...roots];
  for (const pid of found) found.push(...(children.get(pid) ?? []));
  return found;
}

/** The fields behind the name, which may hold spaces: state, parent, … user time (11), system time (12). */
function statFields(pid: number): string[] {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
}

function kilobytes(status: string, name: string): number {
  return Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)?.[1] ?? 0);
}
