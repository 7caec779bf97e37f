import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import type { Item } from '../../../src/inventory/catalog.ts';
import type { ReplyValue } from '../../../src/protocol/reply-decoder.ts';
import {
  askResp,
  list,
  type Peer,
  type RunningPeer,
  type Stock,
  startProcess,
  stopProcess,
} from './peer.ts';
import { makeTlsFiles, type TlsFiles, tlsMissing } from './tls-files.ts';

export const OWN_ENTRY = fileURLToPath(new URL('../../../bin/run.js', import.meta.url));

/** All buyers are one user, who holds more than an operator would allow. Builds from before there were holds ignore it. */
const ENVIRONMENT = { INV_MAX_HOLDS: '1000000000' };

export interface InvOptions {
  readonly name?: string;
  /** Another build's bin/run.js. */
  readonly entry?: string;
  /** Options of Node for the server, such as --cpu-prof. */
  readonly nodeOptions?: readonly string[];
  readonly tls?: boolean;
}

export function invPeer({
  name = 'inv',
  entry = OWN_ENTRY,
  nodeOptions = [],
  tls = false,
}: InvOptions = {}): Peer {
  return {
    name,
    dialect: 'inv',
    missing: () => {
      if (!existsSync(entry)) return `${entry} is not there`;
      return tls ? tlsMissing() : null;
    },
    start: async (folder, stock) => {
      const catalog = join(folder, 'catalog.json');
      await writeFile(catalog, JSON.stringify(catalogOf(stock)));
      const files = tls ? makeTlsFiles(folder) : null;
      const data = join(folder, 'inventory.db');
      return startInv(entry, nodeOptions, data, catalog, stock, { tls: files });
    },
  };
}

export interface InvData {
  readonly tls?: TlsFiles | null;
  /** Units that live holds keep, by the tables of the data, where these are not a file. */
  readonly unitsHeld?: () => Promise<number>;
}

/** Starts `inv serve` on data that may be there already. */
export async function startInv(
  entry: string,
  nodeOptions: readonly string[],
  data: string,
  catalog: string,
  stock: Stock,
  { tls = null, unitsHeld = async () => unitsHeldIn(data) }: InvData = {},
): Promise<RunningPeer> {
  const args = [
    ...nodeOptions,
    entry,
    'serve',
    '--port',
    '0',
    '--data',
    data,
    '--catalog',
    catalog,
    ...(tls === null ? [] : ['--tls-cert', tls.cert, '--tls-key', tls.key]),
  ];
  const { child, match } = await startProcess(process.execPath, args, /listening on \S+:(\d+)\n/, {
    env: { ...process.env, ...ENVIRONMENT },
  });
  const port = Number(match[1]);
  return {
    ports: [port],
    pids: [child.pid as number],
    ca: tls?.ca,
    books: async () => {
      const items = await askResp(
        { port, ca: tls?.ca },
        ['AUTH', 'alice', 'wonderland'],
        ['INVENTORY'],
      );
      let taken = 0;
      for (const item of items as ReplyValue[][]) {
        taken += stock.units - (item[item.indexOf('available') + 1] as number);
      }
      const held = await unitsHeld();
      return { sold: taken - held, held };
    },
    stop: () => stopProcess(child),
  };
}

/** By the data file's table. A build from before there were holds has none. */
function unitsHeldIn(path: string): number {
  using db = new DatabaseSync(path, { readOnly: true });
  const isThere = db.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'held'").get() !== undefined;
  if (!isThere) return 0;
  return db.prepare('SELECT coalesce(sum(units), 0) AS held FROM held').get()?.held as number;
}

export function catalogOf({ upcs, units }: Stock): Item[] {
  return list(upcs).map((upc) => ({ upc, name: `Item ${upc}`, units }));
}
