/** Where everything of a cluster lies: a temporary folder, free ports on loopback, and the files of docs made to fit. */
import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import { freePort } from '../../support/postgres-server.ts';
import type { Account } from './daemon.ts';
import type { Programs } from './programs.ts';

/** The configurations that operators are shown. */
const DOCUMENTED = join(import.meta.dirname, '../../../docs/high-availability');

export const SUPERUSER = { username: 'postgres', password: 'super' } as const;

/** What inv logs in as. */
export const SHOP = { user: 'inv', password: 'shop', database: 'inv' } as const;

export interface NodePlace {
  readonly name: string;
  readonly folder: string;
  readonly postgresPort: number;
  readonly restPort: number;
}

export interface Layout {
  readonly folder: string;
  readonly nodes: readonly NodePlace[];
  readonly etcd: { readonly clients: number; readonly peers: number };
  /** Where HAProxy listens: before PostgreSQL, and before the servers of inv. */
  readonly balancer: { readonly postgres: number; readonly inv: number };
  readonly invPorts: readonly [number, number];
  /** What differs from the cluster settings of docs. */
  readonly dcs: Readonly<Record<string, number | boolean | string>>;
}

export async function newLayout(nodes: number, dcs: Layout['dcs']): Promise<Layout> {
  const folder = mkdtempSync(join(tmpdir(), 'inv-cluster-'));
  // Users of their own run the programs in it.
  chmodSync(folder, 0o755);
  const places: NodePlace[] = [];
  for (let number = 1; number <= nodes; number++) {
    const name = `db${number}`;
    const [postgresPort, restPort] = [await freePort(), await freePort()];
    places.push({ name, folder: join(folder, name), postgresPort, restPort });
  }
  return {
    folder,
    nodes: places,
    etcd: { clients: await freePort(), peers: await freePort() },
    balancer: { postgres: await freePort(), inv: await freePort() },
    invPorts: [await freePort(), await freePort()],
    dcs,
  };
}

export function removeLayout({ folder }: Layout): void {
  rmSync(folder, { recursive: true, force: true, maxRetries: 10 });
}

/** Makes a folder that belongs to the user of a program. */
export function makeFolder(path: string, { uid, gid }: Account): string {
  mkdirSync(path, { recursive: true, mode: 0o700 });
  if (uid !== undefined && gid !== undefined) chownSync(path, uid, gid);
  return path;
}

/** Writes the configuration of a node: that of docs, with its own places, and small. Returns its path. */
export function writePatroniConfig(
  layout: Layout,
  place: NodePlace,
  programs: Programs,
  account: Account,
): string {
  const { name, folder, postgresPort, restPort } = place;
  const config = parse(readFileSync(join(DOCUMENTED, 'patroni.yml'), 'utf8'));
  config.name = name;
  config.restapi = address(restPort);
  config.etcd3 = { hosts: [`127.0.0.1:${layout.etcd.clients}`] };
  Object.assign(config.bootstrap.dcs, layout.dcs);
  config.bootstrap.dcs.postgresql.parameters = {
    ...config.bootstrap.dcs.postgresql.parameters,
    ...{ max_connections: 60, wal_keep_size: '256MB' },
  };
  Object.assign(config.postgresql, address(postgresPort), {
    data_dir: join(folder, 'data'),
    bin_dir: programs.postgres,
    pgpass: join(folder, 'pgpass'),
    parameters: {
      shared_buffers: '32MB',
      unix_socket_directories: folder,
      log_min_messages: 'warning',
    },
  });
  config.postgresql.authentication.superuser = SUPERUSER;
  // Where there is none, Patroni would refuse to be the primary.
  config.watchdog = { mode: 'off' };
  const path = join(makeFolder(folder, account), 'patroni.yml');
  writeFileSync(path, stringify(config));
  return path;
}

/** Writes both configurations of HAProxy: those of docs, with the places of this cluster. Returns their paths. */
export function writeBalancerConfigs(layout: Layout): string[] {
  const places = new Map<string, string>([
    ['*:5000', `127.0.0.1:${layout.balancer.postgres}`],
    ['*:5050', `127.0.0.1:${layout.balancer.inv}`],
  ]);
  for (const { name, postgresPort, restPort } of layout.nodes) {
    places.set(
      `${name}.example:5432 check port 8008`,
      `127.0.0.1:${postgresPort} check port ${restPort}`,
    );
  }
  for (const [index, port] of layout.invPorts.entries()) {
    places.set(`inv${index + 1}.example:5050`, `127.0.0.1:${port}`);
  }
  return ['haproxy-postgres.cfg', 'haproxy-inv.cfg'].map((file) => {
    let text = readFileSync(join(DOCUMENTED, file), 'utf8');
    for (const [documented, own] of places) text = text.replaceAll(documented, own);
    // A node that this cluster does not have.
    text = text.replaceAll(/^ *server \w+ \w+\.example:.*\n/gm, '');
    const path = join(layout.folder, file);
    writeFileSync(path, text);
    return path;
  });
}

/** `hosts`: the place of each node; `balancer`: one address. */
export function shopAddress(layout: Layout, way: 'hosts' | 'balancer'): string {
  const { user, password, database } = SHOP;
  const ports =
    way === 'balancer' ? [layout.balancer.postgres] : layout.nodes.map((node) => node.postgresPort);
  const hosts = ports.map((port) => `127.0.0.1:${port}`).join();
  return `postgres://${user}:${password}@${hosts}/${database}`;
}

function address(port: number): { listen: string; connect_address: string } {
  return { listen: `127.0.0.1:${port}`, connect_address: `127.0.0.1:${port}` };
}
