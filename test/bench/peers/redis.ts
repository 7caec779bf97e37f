import { spawnSync } from 'node:child_process';
import {
  askResp,
  eventually,
  freePort,
  list,
  type Peer,
  startProcess,
  stopProcess,
} from './peer.ts';
import {
  CONFIRM_SCRIPT,
  CONFIRM_SHA,
  HOLD_ENDS,
  HOLD_SCRIPT,
  HOLD_SHA,
} from './redis-hold-scripts.ts';
import { SCRIPT, SCRIPT_SHA } from './redis-script.ts';
import { makeTlsFiles, tlsMissing } from './tls-files.ts';

/** Every write is synced before its reply leaves. Neither snapshots nor rewrites of the log disturb it. */
const OPTIONS = {
  appendonly: 'yes',
  appendfsync: 'always',
  save: '',
  'auto-aof-rewrite-percentage': '0',
};

const SCRIPTS = [
  [SCRIPT, SCRIPT_SHA],
  [HOLD_SCRIPT, HOLD_SHA],
  [CONFIRM_SCRIPT, CONFIRM_SHA],
] as const;

export const redisPeer = redis('redis', false);
export const redisTlsPeer = redis('redis-tls', true);

function redis(name: string, tls: boolean): Peer {
  return {
    name,
    dialect: 'redis',
    missing: () => {
      if (spawnSync('redis-server', ['--version']).error !== undefined) {
        return 'redis-server is not on the PATH (Debian: apt install redis-server)';
      }
      return tls ? tlsMissing() : null;
    },
    start: async (folder, { upcs, units }) => {
      const port = await freePort();
      const files = tls ? makeTlsFiles(folder) : null;
      const ports =
        files === null
          ? { port: String(port) }
          : {
              port: '0',
              'tls-port': String(port),
              'tls-cert-file': files.cert,
              'tls-key-file': files.key,
              'tls-ca-cert-file': files.cert,
              'tls-auth-clients': 'no',
            };
      const options = { ...ports, bind: '127.0.0.1', dir: folder, ...OPTIONS };
      const args = Object.entries(options).flatMap(([option, value]) => [`--${option}`, value]);
      const { child } = await startProcess('redis-server', args, /Ready to accept connections/i);
      const at = { port, ca: files?.ca };
      const levels = list(upcs).flatMap((upc) => [String(upc), String(units)]);
      await eventually(() => askResp(at, ['HSET', 'stock', ...levels]));
      for (const [script, name] of SCRIPTS) {
        if ((await askResp(at, ['SCRIPT', 'LOAD', script])) !== name) {
          throw new Error('Redis knows the script by another name');
        }
      }
      return {
        ports: [port],
        pids: [child.pid as number],
        ca: files?.ca,
        books: async () => {
          const left = (await askResp(at, ['HVALS', 'stock'])) as string[];
          const taken = left.reduce((sum, available) => sum + units - Number(available), 0);
          // Each hold of the load keeps one unit.
          const held = (await askResp(at, ['ZCARD', HOLD_ENDS])) as number;
          return { sold: taken - held, held };
        },
        stop: () => stopProcess(child),
      };
    },
  };
}
