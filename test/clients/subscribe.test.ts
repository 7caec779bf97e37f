/** SUBSCRIBE by a library that is no part of npm: redis-py, where it is installed. The libraries of npm: e2e/redis-clients.test.ts. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { finished } from '../cli/fixture.ts';
import { startServer } from '../support/in-process.ts';
import { SYSTEM_CLIENTS } from './clients.ts';

const PROGRAM = join(import.meta.dirname, 'python/subscribe.py');

/** The Python that has redis-py, and its version; null where there is none. */
function redisPy(): readonly [python: string, version: string] | null {
  const probes = SYSTEM_CLIENTS.find(({ name }) => name === 'redis-py')?.probes ?? [];
  for (const [python] of probes) {
    const args = ['-c', 'import redis.asyncio; print(redis.__version__)'];
    const { status, stdout } = spawnSync(python, args, { encoding: 'utf8' });
    if (status === 0) return [python, stdout.trim()];
  }
  return null;
}

const found = redisPy();
/** RESP3 came with redis-py 5. */
const versions = found !== null && Number.parseInt(found[1], 10) < 5 ? [2] : [2, 3];
const name = found === null ? 'redis-py (left out: it is not installed)' : `redis-py ${found[1]}`;

for (const resp of versions) {
  test.skipIf(found === null)(`${name} in RESP${resp}`, async () => {
    const [python] = found as NonNullable<typeof found>;
    await using server = await startServer({
      catalog: [
        { upc: 1001, name: 'Käse', units: 100 },
        { upc: 1002, name: 'two', units: 100 },
      ],
    });
    const args = [PROGRAM, String(server.port), String(resp)];
    const { code, stdout, stderr } = await finished(python, args);
    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: 'all was told\n', stderr: '' });
  });
}
