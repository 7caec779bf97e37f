/** The programs of a cluster, as Debian's packages install them: where they are, or which are missing. */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { environmentIn } from './daemon.ts';

export interface Programs {
  readonly patroni: string;
  readonly etcd: string;
  readonly haproxy: string;
  /** The folder with PostgreSQL's own programs. */
  readonly postgres: string;
}

/** What each package brings, and the service that its installation starts. */
const PACKAGES: readonly { name: string; service: string; find(): string | undefined }[] = [
  { name: 'patroni', service: 'patroni', find: () => onPath('patroni') },
  { name: 'etcd-server', service: 'etcd', find: () => onPath('etcd') },
  { name: 'haproxy', service: 'haproxy', find: () => onPath('haproxy') },
  { name: 'postgresql', service: 'postgresql', find: postgresFolder },
];

const FOLDERS = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin'];

/** Debian keeps each version of PostgreSQL in a folder of its own. */
const POSTGRES_VERSIONS = '/usr/lib/postgresql';

/** The packages that are not installed. */
export function missingPackages(): string[] {
  return PACKAGES.filter(({ find }) => find() === undefined).map(({ name }) => name);
}

/** `patroni`: another one than Debian's. Throws when a package is missing. */
export function findPrograms(patroni?: string): Programs {
  const missing = missingPackages();
  if (missing.length > 0) throw new Error(`not installed: ${missing.join(', ')}`);
  const [debians, etcd, haproxy, postgres] = PACKAGES.map(({ find }) => find() as string);
  return { patroni: patroni ?? debians, etcd, haproxy, postgres } as Programs;
}

/** Installs what is missing, as root, and stops the services that Debian starts with it. */
export function installPackages(): void {
  const missing = PACKAGES.filter(({ find }) => find() === undefined);
  if (missing.length === 0) return;
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const run = (...args: string[]) => execFileSync('apt-get', args, { env, stdio: 'inherit' });
  run('update');
  run('install', '--yes', '--no-install-recommends', ...missing.map(({ name }) => name));
  for (const { service } of missing) spawnSync('invoke-rc.d', [service, 'stop']);
}

/** "3.0.2", as a list of numbers: of the program as the campaign runs it, whatever PYTHONPATH says here. */
export function versionOf({ patroni }: Pick<Programs, 'patroni'>): number[] {
  const told = execFileSync(patroni, ['--version'], { encoding: 'utf8', env: environmentIn('/') });
  return (/\d+(?:\.\d+)+/.exec(told)?.[0] ?? '').split('.').map(Number);
}

/** Whether a version is at least another one. */
export function isAtLeast(version: readonly number[], least: readonly number[]): boolean {
  for (const [index, number] of least.entries()) {
    const own = version[index] ?? 0;
    if (own !== number) return own > number;
  }
  return true;
}

function onPath(program: string): string | undefined {
  return FOLDERS.map((folder) => join(folder, program)).find((path) => existsSync(path));
}

/** The folder of the newest version. */
function postgresFolder(): string | undefined {
  if (!existsSync(POSTGRES_VERSIONS)) return undefined;
  const versions = readdirSync(POSTGRES_VERSIONS).sort((one, other) => Number(other) - Number(one));
  const folders = versions.map((version) => join(POSTGRES_VERSIONS, version, 'bin'));
  return folders.find((folder) => existsSync(join(folder, 'postgres')));
}
