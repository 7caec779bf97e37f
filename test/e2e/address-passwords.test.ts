// The address of a database in a wrong place: it is named, and its password is printed nowhere.
import { expect, test } from 'vitest';
import { TemporaryFolder } from '../support/folder.ts';
import { Inv } from './inv.ts';

const URL = 'postgres://u:SECRETPW@127.0.0.1:1/inv';
const BLANK = 'postgres://u:a SECRETPW@127.0.0.1:1/inv';
const FILE = 'name a file; postgres://u@127.0.0.1:1/inv is a PostgreSQL database\n';
const ADDRESS =
  'inv: --data: the address of a PostgreSQL database begins with postgres:// in small letters, and with nothing before it\n';

interface Case {
  readonly args: string;
  readonly env?: NodeJS.ProcessEnv;
  /** Its exit code is 2 then; other cases are only looked at for the password. */
  readonly said?: string;
}

const cases: Case[] = [
  { args: `backup ${URL} --data a.db`, said: `inv: the backup: ${FILE}` },
  { args: `restore ${URL}`, said: `inv: the backup: ${FILE}` },
  { args: `restore ${URL} --data b.db`, said: `inv: the backup: ${FILE}` },
  { args: `users list --users ${URL}`, said: `inv: --users: ${FILE}` },
  { args: `users add dana --users ${URL}`, said: `inv: --users: ${FILE}` },
  {
    args: 'users list',
    env: { INV_USERS: ` ${URL}` },
    said: 'inv: --users: name a file; that is a PostgreSQL database\n',
  },
  {
    args: `stock ${URL}`,
    said: 'inv: did you mean `inv serve stock --data postgres://u@127.0.0.1:1/inv`?\n',
  },
  {
    args: `verify x ${URL}`,
    said: 'inv: `inv serve verify` takes no argument `x postgres://u@127.0.0.1:1/inv`. See `inv serve verify --help`.\n',
  },
  {
    args: `backup a.db ${URL}`,
    said: 'inv: unexpected argument: postgres://u@127.0.0.1:1/inv (--help shows the options)\n',
  },
  { args: 'stock', env: { INV_DATA: ` ${URL}` }, said: ADDRESS },
  { args: '', env: { INV_DATA: ` ${URL}` }, said: ADDRESS },
  { args: 'stock', env: { INV_DATA: `"${URL}"` }, said: ADDRESS },
  { args: `restock --upc ${URL} --units 1 --reason x` },
  { args: `restock --upc 1 --units ${URL} --reason x` },
  { args: `sales --since ${URL}` },
  { args: `--catalog ${URL}` },
  { args: `--users ${URL}` },
  { args: `--tls-cert ${URL} --tls-key ${URL}` },
  { args: `--port ${URL}` },
  { args: `--http ${URL}` },
  { args: `--host ${URL}` },
  { args: `--dta=${URL}` },
  { args: `status --host ${URL}` },
  { args: `copy --data a.db --to x${URL}` },
  { args: `accept-loss --data x${URL}` },
  { args: `stock --data ${URL.replace('inv', 'inv?password=SECRETPW')}` },
];

test.for([
  ['serve', 'stock', BLANK],
  ['serve', '--users', BLANK],
  ['serve', '--http', BLANK],
  ['serve', 'stock', '--upc', BLANK],
  ['serve', `--dta=${BLANK}`],
  ['--data', BLANK, 'serve'],
  ['shop', 'inventory', '--host', BLANK],
  ['serve', '--users', 'postgres://127.0.0.1/inv?password=a SECRETPW'],
  [BLANK, 'serve'],
  [URL],
  [URL, 'stock'],
])('inv %j', async (words) => {
  using folder = new TemporaryFolder();
  const inv = new Inv(folder.path, 1);
  const plain = await inv.run(words, { env: { DEBUG: '1' } });
  expect(plain.code).toBe(2);
  // Without its password it is named.
  expect(plain.stderr).toMatch(/postgres:\/\/(u@)?127\.0\.0\.1/);
  const json = await inv.run([...words, '--json']);
  for (const { stdout, stderr } of [plain, json]) {
    expect(stdout + stderr).not.toMatch(/SECRET|PW/);
  }
});

test.for(cases)('inv serve $args $env', async ({ args, env = {}, said }) => {
  using folder = new TemporaryFolder();
  const inv = new Inv(folder.path, 1);
  const words = ['serve', ...args.split(' ').filter((word) => word !== '')];
  const plain = await inv.run(words, { env });
  if (said !== undefined) expect(plain).toEqual({ code: 2, stdout: '', stderr: said });
  expect(plain.code).not.toBe(0);
  expect(plain.stdout + plain.stderr).not.toContain('SECRETPW');
  if (said === undefined || args === '') return;
  const json = await inv.run([...words, '--json'], { env });
  expect(json.stdout + json.stderr).not.toContain('SECRETPW');
  const { message } = JSON.parse(json.stdout).error;
  expect(`inv: ${message}\n`).toBe(said);
});
