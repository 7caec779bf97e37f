import { expect, test } from 'vitest';
import type { Address } from '../../../src/client/address.ts';
import { Shop } from '../../../src/shop/shop.ts';
import { runScript } from '../../../src/shop/terminal/script.ts';
import { holdServer } from '../support/hold-server.ts';
import { realServer, temporary } from '../support/servers.ts';

/** Runs the lines against a new server and gives what was printed. */
async function run(script: string, directory = temporary(), place?: Address): Promise<string[]> {
  const server = place ?? (await realServer());
  const shop = new Shop({ server, directory, notify: () => undefined });
  const printed: string[] = [];
  async function* lines() {
    yield* script.split('\n');
  }
  try {
    await runScript(shop, lines(), (text) => printed.push(text));
  } finally {
    shop.close();
  }
  return printed;
}

test('does what the lines say, in their order', async () => {
  const printed = await run(
    [
      '# a customer',
      '',
      'login alice',
      'wonderland',
      'inventory',
      '  purchase 1001 2 1002 1 1001 1  ',
      'local',
      'orders',
      'logout',
      'local',
    ].join('\n'),
  );
  expect(printed).toEqual([
    expect.stringMatching(/^Logged in as alice@127\.0\.0\.1:\d+\.$/),
    expect.stringContaining('Concert ticket, front row  │        50'),
    expect.stringContaining('Bought'),
    expect.stringMatching(/owns:[\s\S]*front row │ {5}3[\s\S]*balcony {3}│ {5}1/),
    expect.stringContaining('3 × 1001, 1 × 1002'),
    expect.stringMatching(/^Logged out alice@/),
    expect.stringContaining('owns:'),
  ]);
});

test('an order with an id of its own is bought once, however often the script runs', async () => {
  const server = await realServer();
  const directory = temporary();
  const script = [
    'login carol',
    'singer',
    'purchase 1012 1 order shift-17-1',
    'purchase 0001013 2 ORDER shift-17-2',
    'logout',
  ].join('\n');
  const first = await run(script, directory, server);
  expect(first.join('\n')).toMatch(/Bought for carol@\S+, as order shift-17-1 at/);
  const again = await run(`${script}\nlocal`, directory, server);
  expect(again.join('\n')).toMatch(/Order shift-17-2 was bought for carol@\S+ before, at/);
  expect(again.at(-1)).toMatch(/│ 1012 │ Safety goggles +│ +1 │[\s\S]*│ 1013 │ Pipette.*│ +2 │/);
});

test('holds units, buys and gives back, and does nothing twice when it is run again', async () => {
  const { address } = await holdServer();
  const directory = temporary();
  const script = [
    'login alice',
    'wonderland',
    'hold 1001 2 for 10m order h',
    'hold 1002 1 ORDER i FOR 90',
    'extend i for 2h',
    'holds',
    'confirm h',
    'release i',
    'return h 1001 1 order r',
    'local',
  ].join('\n');
  const first = await run(script, directory, address);
  expect(first).toEqual([
    expect.stringContaining('Logged in'),
    expect.stringMatching(
      /^Held for alice@\S+, as order h: until .*Z, (10 min|9 min \d+ s) left\./,
    ),
    expect.stringMatching(/^Held for alice@\S+, as order i: until .*Z, (1 min \d+ s) left\./),
    expect.stringMatching(/^Hold i is kept until .*Z, (2 h|1 h 59 min) left\.$/),
    expect.stringMatching(/│ h .*2 × 1001[\s\S]*│ i .*1 × 1002/),
    expect.stringContaining('Bought for alice@'),
    'Released hold i: its units are available again.',
    expect.stringContaining('as return r of order h'),
    expect.stringMatching(/│ 1001 │ Item 1001 │ +1 │/),
  ]);
  const again = await run(script, directory, address).catch((error: unknown) => error);
  // The hold is over: what could be extended once cannot be extended again.
  expect(again).toMatchObject({ code: 'NOHOLD', exit: 3 });
  const rest = script.replace('extend i for 2h\n', '');
  const third = await run(rest, directory, address);
  expect(third.join('\n')).toMatch(
    /Hold h was made before, and was bought since[\s\S]*nothing was bought again[\s\S]*nothing was given back again/,
  );
  expect(third.at(-1)).toMatch(/│ 1001 │ Item 1001 │ +1 │/);
});

test('a script that holds, extends and confirms can be run again', async () => {
  const { address } = await holdServer();
  const directory = temporary();
  const lines = ['login alice', 'wonderland', 'hold 1001 2 for 10m order h', 'extend h for 2h'];
  const script = [...lines, 'confirm h', 'local'].join('\n');
  const first = await run(script, directory, address);
  const again = await run(script, directory, address);
  expect(again[2]).toMatch(/^Order h was bought at \S+Z: it needs no hold any more\.$/);
  expect(again[3]).toContain('nothing was bought again');
  expect(again.at(-1)).toBe(first.at(-1));
});

test('ends at quit', async () => {
  expect(await run('quit\nnonsense')).toEqual([]);
});

test('takes the password line as it is', async () => {
  await expect(run('login alice\n wonderland')).rejects.toMatchObject({ code: 'WRONGPASS' });
  await expect(run('login alice\nquit')).rejects.toMatchObject({ code: 'WRONGPASS', exit: 4 });
});

test('stops at the first failure', async () => {
  const directory = temporary();
  await run('login alice\nwonderland', directory);
  await expect(run('local\npurchase 1001 1\nlocal', directory)).rejects.toMatchObject({ exit: 4 });
});

test.each([
  ['nonsense', "line 1: unknown word 'nonsense'"],
  ['# comment\n\nconstructor', "line 3: unknown word 'constructor'"],
  ['\u001b[2J', "unknown word '\ufffd[2J'"],
  ['login', 'line 1: write login USER'],
  ['login alice wonderland', 'line 1: write login USER'],
  ['login alice', 'the password is missing'],
  ['purchase', 'write purchase UPC QTY'],
  ['purchase 1001', 'write purchase UPC QTY'],
  ['purchase 1001 two', "got 'two'"],
  ['purchase 1001 1 order', 'write purchase UPC QTY [UPC QTY …] [order ID]'],
  ['purchase order mine', 'write purchase UPC QTY'],
  ['purchase 1001 order mine', 'write purchase UPC QTY'],
  ['purchase 1001 1 order mine 1002 1', 'write purchase UPC QTY'],
  ['purchase 1001 1 order mïne', 'an order id is 1 to 64 printable characters'],
  ['hold 1001 1', 'line 1: write hold UPC QTY [UPC QTY …] for TIME [order ID]'],
  ['hold 1001 1 for', 'write hold UPC QTY'],
  ['hold for 10m', 'write hold UPC QTY'],
  ['hold 1001 1 for 10m for 5m', 'write hold UPC QTY'],
  ['hold 1001 1 for soon', 'line 1: a time is a whole number with s, m or h behind it'],
  ['hold 1001 1 for 10m order mïne', 'an order id is 1 to 64 printable characters'],
  ['confirm', 'line 1: write confirm ID'],
  ['confirm a b', 'write confirm ID'],
  ['release', 'write release ID'],
  ['extend h', 'write extend ID for TIME'],
  ['extend for 10m', 'write extend ID for TIME'],
  ['return', 'write return ID UPC QTY'],
  ['return o 1001', 'write return ID UPC QTY'],
  ['return o', 'write return ID UPC QTY'],
  ['purchase 1001 1 for 10m', 'write purchase UPC QTY'],
  ['holds 1', 'holds takes no arguments'],
  ['local 1', 'local takes no arguments'],
  ['quit now', 'line 1: quit takes no arguments'],
  ['inventory 1001', 'line 1: inventory takes no arguments'],
])('refuses %j', async (script, message) => {
  await expect(run(script)).rejects.toMatchObject({
    code: 'USAGE',
    exit: 2,
    message: expect.stringContaining(message),
  });
});
