import { fileURLToPath } from 'node:url';
import { type Peer, startProcess, stopProcess } from './peer.ts';

const ENTRY = fileURLToPath(new URL('../nothing-server.ts', import.meta.url));

/** Takes inv's requests and gives inv's replies, and does nothing. */
export const nothingPeer = doNothing('nothing');

/** The same without the checks and with the shortest reply. */
export const onlyOkPeer = doNothing('only-ok', '--ok');

function doNothing(name: string, ...args: string[]): Peer {
  return {
    name,
    dialect: 'inv',
    missing: () => null,
    start: async () => {
      const { child, match } = await startProcess(process.execPath, [ENTRY, ...args], /:(\d+)\n/);
      return {
        ports: [Number(match[1])],
        pids: [child.pid as number],
        books: async () => null,
        stop: () => stopProcess(child),
      };
    },
  };
}
