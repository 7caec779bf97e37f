/** What the figures were taken on: figures without it tell nothing. */
import { execFileSync } from 'node:child_process';
import { cpus, release, tmpdir, totalmem, type } from 'node:os';
import { describeDisk } from './disk.ts';

export interface Machine {
  readonly description: string;
  /** What the temporary folder is on. In memory nothing is durable, and no figure is worth anything. */
  readonly disk: string;
  readonly date: string;
}

export function describeMachine(): Machine {
  const cores = cpus();
  const gigabytes = Math.round(totalmem() / 2 ** 30);
  const versions = [
    `Node ${process.versions.node}`,
    version('redis-server', /v=(\S+)/, 'Redis'),
    version('pg_config', /PostgreSQL (\S+)/, 'PostgreSQL'),
  ];
  return {
    description: [
      `${cores.length} × ${cores[0]?.model.trim()}`,
      `${gigabytes} GB`,
      `${type()} ${release()}`,
      ...versions.filter((text) => text !== null),
    ].join(', '),
    disk: describeDisk(tmpdir()),
    date: new Date().toISOString().slice(0, 10),
  };
}

function version(program: string, pattern: RegExp, name: string): string | null {
  try {
    const found = pattern.exec(execFileSync(program, ['--version'], { encoding: 'utf8' }));
    return found === null ? null : `${name} ${found[1]}`;
  } catch {
    return null;
  }
}
