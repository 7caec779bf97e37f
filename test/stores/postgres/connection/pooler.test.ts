/** PgBouncer between a server and its database: session mode works, the other modes are refused. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { afterAll, describe, expect, test } from 'vitest';
import { CATALOG } from '../../../../src/inventory/catalog.ts';
import { StoreRefused } from '../../../../src/inventory/store.ts';
import { openPostgresStore } from '../../../../src/stores/postgres/open.ts';
import { TemporaryFolder } from '../../../support/folder.ts';
import { account, freePort, PostgresServer } from '../../../support/postgres-server.ts';
import { Buyer, settleOne } from '../../orders.ts';

/** Where it is installed (Debian: apt install pgbouncer), or null. */
const PGBOUNCER = (() => {
  for (const path of ['pgbouncer', '/usr/sbin/pgbouncer']) {
    try {
      execFileSync(path, ['--version']);
      return path;
    } catch {
      // Not there.
    }
  }
  return null;
})();

const server = await PostgresServer.start();
afterAll(() => server[Symbol.asyncDispose]());

class Pooler implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #folder: TemporaryFolder;
  readonly port: number;

  private constructor(child: ChildProcess, folder: TemporaryFolder, port: number) {
    this.#child = child;
    this.#folder = folder;
    this.port = port;
  }

  static async start(mode: string, poolSize = 20): Promise<Pooler> {
    const folder = new TemporaryFolder();
    chmodSync(folder.path, 0o755);
    const port = await freePort();
    const config = folder.file('pgbouncer.ini');
    writeFileSync(folder.file('users'), '"postgres" ""\n');
    writeFileSync(
      config,
      `[databases]
* = host=127.0.0.1 port=${server.port}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = trust
auth_file = ${folder.file('users')}
pool_mode = ${mode}
default_pool_size = ${poolSize}
`,
    );
    const child = spawn(PGBOUNCER as string, [config], { ...account(), stdio: 'ignore' });
    await expect.poll(() => canConnect(port), { timeout: 10_000 }).toBe(true);
    return new Pooler(child, folder, port);
  }

  through(address: string): string {
    return address.replace(`:${server.port}/`, `:${this.port}/`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const ended = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await ended;
    this.#folder[Symbol.dispose]();
  }
}

function canConnect(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });
}

const open = (address: string) => openPostgresStore(address, CATALOG, () => undefined);
const why = PGBOUNCER === null ? ' (left out: pgbouncer is not installed)' : '';

describe.skipIf(PGBOUNCER === null)(`PgBouncer${why}`, () => {
  test('in session mode: two servers sell through it', async () => {
    await using pooler = await Pooler.start('session');
    const address = pooler.through(await server.newDatabase());
    const [one, other] = [await open(address), await open(address)];
    const buyer = new Buyer();
    expect(await settleOne(one, buyer.buy('1001x1'))).toMatchObject({ kind: 'receipt' });
    expect(await settleOne(other, buyer.buy('1001x1'))).toMatchObject({
      order: { lines: [{ available: 48 }] },
    });
    await one.close();
    await other.close();
  });

  test('in session mode with room for one: the first server sells', async () => {
    await using pooler = await Pooler.start('session', 1);
    const store = await open(pooler.through(await server.newDatabase()));
    expect(await settleOne(store, new Buyer().buy('1001x1'))).toMatchObject({ kind: 'receipt' });
    await store.close();
  });

  test.each(['transaction', 'statement'])(
    'in %s mode: refused with a sentence, and so is the second server',
    async (mode) => {
      await using pooler = await Pooler.start(mode);
      const direct = await server.newDatabase();
      const address = pooler.through(direct);
      for (let start = 0; start < 2; start++) {
        const refused = await open(address).catch((error) => error);
        expect(refused).toBeInstanceOf(StoreRefused);
        expect(refused.message).toMatch(/a pooler on the way .* Set pool_mode = session/);
      }
      // At the same moment, too.
      const both = await Promise.allSettled([open(address), open(address)]);
      expect(both.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
      const made = await server.run(direct, `SELECT to_regnamespace('inv') AS inv`);
      expect(made).toEqual([{ inv: null }]);
    },
  );
});
