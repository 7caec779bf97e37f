// A backup of a shop that sells, and the way back from it.
import { spawnSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, test } from 'vitest';
import { flipByte, hasStrace, underStrace } from '../support/faults.ts';
import { TemporaryFolder } from '../support/folder.ts';
import { program } from '../support/program.ts';
import { commands, type RawClient } from '../support/raw-client.ts';
import { serve } from '../support/serve-process.ts';
import { type Ended, environment, Inv } from './inv.ts';

/** Runs `inv serve …` as the operator whose files are in `folder`. */
function operator(folder: TemporaryFolder): (...args: string[]) => Promise<Ended> {
  const inv = new Inv(folder.path, 1);
  return (...args) => inv.run(['serve', ...args]);
}

function sql(path: string, statement: string): Record<string, unknown> | undefined {
  const db = new DatabaseSync(path);
  try {
    return db.prepare(statement).get();
  } finally {
    db.close();
  }
}

/** A data file with `orders` orders of alice, `alice-0` and so on, closed in order. */
async function shopWith(path: string, orders: number): Promise<void> {
  await using server = await serve(path);
  await using alice = await server.login();
  await buy(alice, orders);
  await server.stop();
}

async function buy(client: RawClient, orders: number, first = 0): Promise<void> {
  const ids = Array.from({ length: orders }, (_, index) => `alice-${first + index}`);
  await client.send(commands(...ids.map((id) => `PURCHASE 1001 1 ORDER ${id}`)));
  for (const { order } of await client.replies(orders)) expect(ids).toContain(order);
}

describe('a backup', () => {
  test('gets no name that belongs to a data file: the next command would remove it', async () => {
    using folder = new TemporaryFolder();
    const run = operator(folder);
    const data = folder.file('shop.db');
    await shopWith(data, 1);
    for (const suffix of ['wal', 'shm', 'journal', 'lock', 'acked', 'new', 'restored']) {
      const target = `${data}-${suffix}`;
      const before = existsSync(target);
      const { code, stderr } = await run('backup', target, '--data', data);
      expect(code).toBe(3);
      expect(stderr).toMatch(
        before ? /is there already/ : `inv: ${target} would be taken for a part of ${data}; give`,
      );
      expect(existsSync(target)).toBe(before);
    }
    // Also where that data file is not there yet.
    const target = folder.file('later.db-wal');
    const { code, stderr } = await run('backup', target, '--data', data);
    expect([code, stderr]).toEqual([
      3,
      expect.stringContaining(`${target} would be taken for a part of ${folder.file('later.db')};`),
    ]);
  });

  test('is not restored from a name that belongs to the data file: it would be moved away', async () => {
    using folder = new TemporaryFolder();
    const run = operator(folder);
    const data = folder.file('shop.db');
    await shopWith(folder.file('other.db'), 1);
    for (const suffix of ['wal', 'acked', 'restored']) {
      const backup = `${data}-${suffix}`;
      copyFileSync(folder.file('other.db'), backup);
      const { code, stderr } = await run('restore', backup, '--data', data);
      expect([code, stderr]).toEqual([
        1,
        `inv: ${backup} would be taken for a part of ${data}, and be moved away or removed; give the backup another name\n`,
      ]);
      expect([existsSync(backup), existsSync(data)]).toEqual([true, false]);
    }
  });

  test('in the place of a restored copy, by hand or by a drill, is not taken for one', async () => {
    using folder = new TemporaryFolder();
    const run = operator(folder);
    const data = folder.file('shop.db');
    await shopWith(data, 2);
    const drill = `${data}-restored`;
    const backup = folder.file('b.db');
    expect((await run('backup', backup, '--data', data)).code).toBe(0);
    expect(await run('restore', backup, '--data', drill)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining(`${drill} cannot be a data file`),
    });
    copyFileSync(backup, drill);
    expect(await run('restore', drill, '--data', data)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining(`${drill} would be taken for a part of ${data}`),
    });
    expect(await run('restore', backup, '--data', data)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining(`${drill} has the name of what takes the place of ${data}`),
    });
    // What only reads goes on.
    expect((await run('stock', '--data', data)).code).toBe(0);
    expect((await run('stock', '--data', drill)).code).toBe(0);
    rmSync(drill);
    expect((await run('restore', backup, '--data', data)).code).toBe(0);
  });

  test('and a restore in a place that cannot be used are a sentence', async () => {
    using folder = new TemporaryFolder();
    const run = operator(folder);
    const data = folder.file('shop.db');
    await shopWith(data, 1);
    const long = folder.file('x'.repeat(300));
    for (const [target, why] of [
      [`${data}/b.db`, 'there is no such folder'],
      [long, 'the name is too long'],
    ] as const) {
      expect(await run('backup', target, '--data', data)).toMatchObject({
        code: 3,
        stderr: `inv: cannot write ${target}: ${why}. Choose a folder that is there and that you can write to\n`,
      });
      expect(await run('restore', data, '--data', target)).toMatchObject({
        code: 1,
        stderr: `inv: cannot make ${target}: ${why}; choose a folder that you can write to with --data\n`,
      });
    }
  });

  test('of a server that runs is whole, private, and restored serves at once', async () => {
    using folder = new TemporaryFolder();
    const run = operator(folder);
    const data = folder.file('shop.db');
    const backup = folder.file('monday.db');
    await using server = await serve(data);
    await using alice = await server.connect();
    const login = await alice.ask('HELLO 3 AUTH alice wonderland');
    const { token } = await alice.ask('LOGIN alice wonderland');
    await buy(alice, 3);

    const made = await run('backup', backup, '--data', data, '--json');
    expect(made).toMatchObject({ code: 0, stderr: '' });
    const json = JSON.parse(made.stdout);
    expect(json).toMatchObject({ path: backup, items: 14, orders: 3, logins: 1 });
    expect(json.bytes).toBe(statSync(backup).size);
    expect(new Date(json.at).toISOString()).toBe(json.at);
    expect(statSync(backup).mode & 0o777).toBe(0o600);
    expect(sql(backup, 'SELECT opening FROM batches')).toEqual({ opening: '' });
    // Nothing else was made, and what was sold since then is only in the shop.
    const files = ['monday.db', 'shop.db', 'shop.db-acked', 'shop.db-lock', 'shop.db-shm'];
    expect(readdirSync(folder.path).sort()).toEqual([...files, 'shop.db-wal']);
    await buy(alice, 2, 3);

    const refused = await run('restore', backup, '--data', data, '--json');
    expect(refused.code).toBe(3);
    expect(JSON.parse(refused.stdout).error.message).toContain('another inv serve is using');
    await server.stop();

    const restored = await run('restore', backup, '--data', data, '--json');
    expect(restored).toMatchObject({ code: 0, stderr: '' });
    const { aside, shop, since, ...rest } = JSON.parse(restored.stdout);
    expect(rest).toEqual({ path: data, backup, items: 14, orders: 3, logins: 1 });
    expect(shop).toBe(login.shop);
    await using again = await serve(data);
    await using client = await again.connect();
    const hello = await client.ask('HELLO 3');
    expect(hello.shop).toBe(shop);
    expect(Number(hello.shop_since)).toBe(new Date(since).getTime());
    expect(new Date(since).getTime()).toBeGreaterThan(Number(login.shop_since));
    expect(await client.ask(`RESUME ${token}`)).toMatchObject({ user: 'alice' });
    expect(await client.ask('ORDER alice-2')).toMatchObject({ order: 'alice-2' });
    expect((await client.ask('ORDER alice-3')).message).toContain('order');
    expect((await client.ask('INVENTORY 1001'))[0].available).toBe(47);

    // The old data is whole where it was put.
    await using old = await serve(aside);
    await using other = await old.login();
    expect(await other.ask('ORDER alice-4')).toMatchObject({ order: 'alice-4' });
  });

  test('of a file whose server was killed has everything that was acknowledged', async () => {
    using folder = new TemporaryFolder();
    const data = folder.file('shop.db');
    await using server = await serve(data);
    await using alice = await server.login();
    await buy(alice, 5);
    await server.stop('SIGKILL');
    const log = readFileSync(`${data}-wal`);
    const { code, stdout } = await operator(folder)('backup', folder.file('b.db'), '--data', data);
    expect([code, stdout]).toEqual([0, expect.stringContaining('14 items, 5 orders')]);
    // The log is as it was: it is evidence until a server has taken it up.
    expect(readFileSync(`${data}-wal`).equals(log)).toBe(true);
  });

  test('that lacks what was acknowledged is not called done', async () => {
    using folder = new TemporaryFolder();
    const data = folder.file('shop.db');
    await shopWith(data, 1);
    writeFileSync(`${data}-acked`, `${'999'.padStart(16, '0')}\n`);
    const { code, stderr } = await operator(folder)('backup', folder.file('b.db'), '--data', data);
    expect([code, stderr]).toEqual([1, expect.stringContaining('but 999 were acknowledged')]);
    expect(readdirSync(folder.path).filter((name) => name.startsWith('b.db'))).toEqual([]);
  });

  test('of a shop whose books do not balance is kept, and told; restored only by force', async () => {
    using folder = new TemporaryFolder();
    const run = operator(folder);
    const data = folder.file('shop.db');
    const backup = folder.file('b.db');
    await shopWith(data, 2);
    const change = new DatabaseSync(data);
    change.exec('UPDATE stock SET available = 40 WHERE upc = 1001');
    change.close();
    const made = await run('backup', backup, '--data', data, '--json');
    expect(made.code).toBe(1);
    expect(JSON.parse(made.stdout).error).toMatchObject({
      code: 'UNBALANCED',
      orders: 2,
      faults: [
        expect.stringMatching(/^UPC 1001: 50 units were supplied, but 40 are available and 2 /),
      ],
    });
    const restored = await run('restore', backup, '--data', data);
    expect(restored).toMatchObject({ code: 1, stderr: expect.stringContaining('--force') });
    expect((await run('restore', backup, '--data', data, '--force')).code).toBe(0);
  });

  test('is refused where it would write over something, or read nothing; and makes nothing', async () => {
    using folder = new TemporaryFolder();
    const run = operator(folder);
    const data = folder.file('shop.db');
    await shopWith(data, 1);
    writeFileSync(folder.file('diary.txt'), 'dear diary\n');
    const before = readdirSync(folder.path);
    const backup = async (target: string, from = data) => {
      const { code, stderr } = await run('backup', folder.file(target), '--data', from);
      return [code, stderr.replaceAll(`${folder.path}/`, '').replace(/^inv: |\n$/g, '')];
    };
    expect(await backup('diary.txt')).toEqual([
      3,
      'diary.txt is there already, and was left as it is; give the backup another name',
    ]);
    expect(await backup('no/b.db')).toEqual([3, expect.stringContaining('there is no folder no;')]);
    expect(await backup('b.db', folder.file('shpo.db'))).toEqual([
      1,
      'there is no data file shpo.db; nothing was made. Choose another file with --data',
    ]);
    expect(await backup('b.db', folder.file('diary.txt'))).toEqual([
      1,
      expect.stringContaining('diary.txt is not a data file of inv'),
    ]);
    expect(await backup('b.db', 'mysql://db/inv')).toEqual([2, expect.stringContaining('mysql:')]);
    expect(readdirSync(folder.path)).toEqual(before);
    expect(readFileSync(folder.file('diary.txt'), 'utf8')).toBe('dear diary\n');
  });
});

describe('a restore', () => {
  test('needs no data to be there, and makes no folders but the last', async () => {
    using folder = new TemporaryFolder();
    const run = operator(folder);
    await shopWith(folder.file('shop.db'), 2);
    const there = await run('restore', folder.file('shop.db'), '--data', folder.file('new/s.db'));
    expect([there.code, there.stdout]).toEqual([
      0,
      expect.stringContaining('there was no data before'),
    ]);
    await using server = await serve(folder.file('new/s.db'));
    expect(server.greeting.at(-1)).toMatch(/^restored/);
    const nowhere = await run('restore', folder.file('shop.db'), '--data', folder.file('a/b/s.db'));
    expect([nowhere.code, existsSync(folder.file('a'))]).toEqual([1, false]);
  });

  test.for<[string, (backup: string) => void, string]>([
    ['that is not there', (backup) => renameSync(backup, `${backup}x`), 'there is no data file'],
    ['of somebody else', (backup) => writeFileSync(backup, 'x'.repeat(5000)), 'is not a data file'],
    ['with a damaged page', (backup) => damage(backup), 'nothing was kept of the copy'],
  ])('of a backup %s is refused, and changes nothing', async ([, spoil, sentence]) => {
    using folder = new TemporaryFolder();
    const run = operator(folder);
    const data = folder.file('shop.db');
    const backup = folder.file('b.db');
    await shopWith(data, 40);
    expect((await run('backup', backup, '--data', data)).code).toBe(0);
    spoil(backup);
    const before = readdirSync(folder.path);
    const bytes = readFileSync(data);
    const { code, stderr } = await run('restore', backup, '--data', data);
    expect([code, stderr]).toEqual([1, expect.stringContaining(sentence)]);
    expect(readdirSync(folder.path)).toEqual(before);
    expect(readFileSync(data).equals(bytes)).toBe(true);
  });

  test('of the data file onto itself is refused, by whatever path', async () => {
    using folder = new TemporaryFolder();
    const data = folder.file('shop.db');
    await shopWith(data, 1);
    mkdirSync(folder.file('x'));
    const { code, stderr } = await operator(folder)(
      ...['restore', `${folder.path}/x/../shop.db`, '--data', data],
    );
    expect([code, stderr]).toEqual([1, expect.stringContaining('is the data file itself')]);
  });

  test('to PostgreSQL names the command that does it', async () => {
    using folder = new TemporaryFolder();
    const { code, stderr } = await operator(folder)(
      ...['restore', 'b.db', '--data', 'postgres://inv@127.0.0.1:1/inv'],
    );
    expect([code, stderr]).toEqual([3, expect.stringContaining('inv serve copy --data b.db --to')]);
  });

  // Each system call that changes a folder or makes it last is the last one once.
  test.runIf(hasStrace)(
    'that is killed anywhere leaves the old data or the new, whole, and serves',
    { timeout: 300_000 },
    async () => {
      using folder = new TemporaryFolder();
      const template = folder.file('template');
      mkdirSync(template);
      // Killed, so that all companions are there; the backup has two orders, the data seven.
      {
        await using server = await serve(`${template}/shop.db`);
        await using alice = await server.login();
        await buy(alice, 2);
        const run = operator(folder);
        expect(
          (await run('backup', folder.file('b.db'), '--data', `${template}/shop.db`)).code,
        ).toBe(0);
        await buy(alice, 5, 2);
        await server.stop('SIGKILL');
      }
      const calls = 'rename,renameat,renameat2,link,linkat,unlink,unlinkat,fsync,fchown,chown';
      const outcomes: string[] = [];
      for (let step = 1; ; step += EVERY_CALL ? 1 : 3) {
        const place = folder.file(`run-${step}`);
        spawnSync('cp', ['-a', template, place]);
        const data = `${place}/shop.db`;
        const { status } = underStrace(
          { trace: calls, inject: `${calls}:signal=SIGKILL:when=${step}` },
          program(['serve', 'restore', folder.file('b.db'), '--data', data]),
          environment(folder.path),
        );
        await using server = await serve(data);
        await using client = await server.login();
        const isOld = (await client.ask('INVENTORY 1001'))[0].available === 50 - 7;
        expect((await client.ask('INVENTORY 1001'))[0].available).toBe(isOld ? 43 : 48);
        outcomes.push(isOld ? 'old' : 'new');
        await server.stop();
        // What was there before is beside the new data, also when a start had to end the restore.
        const aside = readdirSync(place).find((name) => /-before-[^-]+-[^-]+-[^-]+Z$/.test(name));
        expect(aside !== undefined).toBe(!isOld);
        if (aside !== undefined) {
          expect(statSync(data).nlink).toBe(1);
          await using old = await serve(`${place}/${aside}`);
          await using reader = await old.login();
          expect((await reader.ask('INVENTORY 1001'))[0].available).toBe(43);
        }
        if (status === 0) break;
      }
      // First the old data for some steps, then the new for ever.
      expect(outcomes.join(' ')).toMatch(
        EVERY_CALL ? /^(old )+(new ?){4,}$/ : /^(old )+(new ?){2,}$/,
      );
    },
  );
});

/** `npm run crash:calls` kills at every call; here it is every third. */
const EVERY_CALL = process.env.INV_EVERY_CALL === '1';

/** Breaks a page of the table of orders. */
function damage(path: string): void {
  const row = sql(path, "SELECT rootpage FROM sqlite_schema WHERE name = 'orders'");
  flipByte(path, ((row?.rootpage as number) - 1) * 4096);
}
