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
import { SCRIPT, SCRIPT_SHA } from './redis-script.ts';

/** Every write is synced before its reply leaves. Neither snapshots nor rewrites of the log disturb it. */
const OPTIONS = {
  appendonly: 'yes',
  appendfsync: 'always',
  save: '',
  'auto-aof-rewrite-percentage': '0',
};

export const redisPeer: Peer = {
  name: 'redis',
  dialect: 'redis',
  missing: () =>
    spawnSync('redis-server', ['--version']).error === undefined
      ? null
      : 'redis-server is not on the PATH (Debian: apt install redis-server)',
  start: async (folder, { upcs, units }) => {
    const port = await freePort();
    const options = { port: String(port), bind: '127.0.0.1', dir: folder, ...OPTIONS };
    const args = Object.entries(options).flatMap(([name, value]) => [`--${name}`, value]);
    const { child } = await startProcess('redis-server', args, /Ready to accept connections/i);
    const levels = list(upcs).flatMap((upc) => [String(upc), String(units)]);
    await eventually(() =>
      askResp(port, ['HSET', 'stock', ...levels], ['SCRIPT', 'LOAD', SCRIPT]),
    ).then((sha) => {
      if (sha !== SCRIPT_SHA) throw new Error('Redis knows the script by another name');
    });
    return {
      ports: [port],
      pids: [child.pid as number],
      sold: async () => {
        const left = (await askResp(port, ['HVALS', 'stock'])) as string[];
        return left.reduce((sold, available) => sold + units - Number(available), 0);
      },
      stop: () => stopProcess(child),
    };
  },
};
