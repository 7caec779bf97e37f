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

export const OWN_ENTRY = fileURLToPath(new URL('../../../bin/run.js', import.meta.url));

export interface InvOptions {
  readonly name?: string;
  /** Another build's bin/run.js. */
  readonly entry?: string;
  /** Options of Node for the server, such as --cpu-prof. */
  readonly nodeOptions?: readonly string[];
}

export function invPeer({
  name = 'inv',
  entry = OWN_ENTRY,
  nodeOptions = [],
}: InvOptions = {}): Peer {
  return {
    name,
    dialect: 'inv',
    missing: () => (existsSync(entry) ? null : `${entry} is not there`),
    start: async (folder, stock) => {
      const catalog = join(folder, 'catalog.json');
      await writeFile(catalog, JSON.stringify(catalogOf(stock)));
      return startInv(entry, nodeOptions, join(folder, 'inventory.db'), catalog, stock);
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
  ];
  const { child, match } = await startProcess(process.execPath, args, /listening on \S+:(\d+)\n/);
  const port = Number(match[1]);
  return {
    ports: [port],
    pids: [child.pid as number],
    sold: async () => {
      const items = await askResp(port, ['AUTH', 'alice', 'wonderland'], ['INVENTORY']);
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
