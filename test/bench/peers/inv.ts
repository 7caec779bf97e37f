import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
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
      return startInv(entry, nodeOptions, join(folder, 'inventory.db'), catalog, stock, files);
    },
  };
}

/** Starts `inv serve` on a data file that may be there already. */
export async function startInv(
  entry: string,
  nodeOptions: readonly string[],
  data: string,
  catalog: string,
  stock: Stock,
  tls: TlsFiles | null = null,
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
  const { child, match } = await startProcess(process.execPath, args, /listening on \S+:(\d+)\n/);
  const port = Number(match[1]);
  return {
    ports: [port],
    pids: [child.pid as number],
    ca: tls?.ca,
    sold: async () => {
      const items = await askResp(
        { port, ca: tls?.ca },
        ['AUTH', 'alice', 'wonderland'],
        ['INVENTORY'],
      );
      let sold = 0;
      for (const item of items as ReplyValue[][]) {
        sold += stock.units - (item[item.indexOf('available') + 1] as number);
      }
      return sold;
    },
    stop: () => stopProcess(child),
  };
}

export function catalogOf({ upcs, units }: Stock): Item[] {
  return list(upcs).map((upc) => ({ upc, name: `Item ${upc}`, units }));
}
