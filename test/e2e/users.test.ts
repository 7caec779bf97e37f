// A shop of one's own: users that the operator adds, changes and removes while servers sell.
import { readFileSync, writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { TemporaryFolder } from '../support/folder.ts';
import { type ServeProcess, serve, serveToEnd } from '../support/serve-process.ts';
import { Inv } from './inv.ts';
import { KEYS, Terminal } from './terminal.ts';

let folder: TemporaryFolder;
let users: string;
let inv: Inv;
beforeEach(() => {
  folder = new TemporaryFolder();
  users = folder.file('users.json');
  inv = new Inv(folder.file('home'), 1);
});
afterEach(() => folder[Symbol.dispose]());

/** Runs `inv serve users …` over the file, with a password on stdin. */
function operator(words: string, input = '') {
  const more = input === '' ? [] : ['--password-stdin'];
  const args = ['serve', 'users', ...words.split(' '), '--users', users, ...more];
  return inv.run(args, { input: `${input}\n` });
}

async function expectDone(words: string, input?: string): Promise<void> {
  expect(await operator(words, input)).toMatchObject({ code: 0, stderr: '' });
}

/** The log of a server, as it comes. */
class ServerLog {
  readonly lines: Record<string, unknown>[] = [];
  #changed: () => void = () => undefined;

  constructor({ child }: ServeProcess) {
    createInterface({ input: child.stderr as NodeJS.ReadableStream }).on('line', (line) => {
      this.lines.push(JSON.parse(line));
      this.#changed();
    });
  }

  /** Waits for the first line of this event that was not waited for before, and takes it. */
  async next(event: string): Promise<Record<string, unknown>> {
    for (;;) {
      const index = this.lines.findIndex((line) => line.event === event);
      if (index >= 0) return this.lines.splice(index, 1)[0] as Record<string, unknown>;
      await new Promise<void>((resolve) => {
        this.#changed = resolve;
      });
    }
  }
}

const ended = {
  code: 'NOAUTH',
  message: /^this login has ended: its user was removed or has another/,
};
const isEnded = { ...ended, message: expect.stringMatching(ended.message) };

describe('a server with users of its own', () => {
  test('knows nobody else, and lets a user who is removed ask for nothing more', async () => {
    await expectDone('add dana', 'secret 1');
    await expectDone('add erin', 'secret 2');
    await using server = await serve(folder.file('shop.db'), '--users', users);
    const log = new ServerLog(server);
    inv.port = server.port;
    await inv.login('dana', 'secret 1');
    const dana = await server.connect();
    const erin = await server.connect();
    await Promise.all([dana.ask('HELLO 3'), erin.ask('HELLO 3')]);
    expect(await dana.ask('AUTH alice wonderland')).toMatchObject({ code: 'WRONGPASS' });
    await log.next('login failed');
    for (const [client, name, secret] of [
      [dana, 'dana', 'secret 1'],
      [erin, 'erin', 'secret 2'],
    ] as const) {
      await client.send(`*3\r\n$4\r\nAUTH\r\n$4\r\n${name}\r\n$8\r\n${secret}\r\n`);
      expect(await client.reply()).toBe('OK');
    }
    expect(await dana.ask('PURCHASE 1001 1')).toMatchObject({ replayed: false });

    await expectDone('remove dana');
    expect(await log.next('users changed')).toMatchObject({ removed: ['dana'], added: [] });
    expect(await dana.ask('PURCHASE 1001 1')).toMatchObject(isEnded);
    expect(await erin.ask('INVENTORY 1001')).toMatchObject([{ available: 49 }]);
    const bought = await inv.json(['purchase', '--upc', '1001', '--qty', '1']);
    expect(bought).toMatchObject({ code: 4 });
    expect(await erin.ask('PURCHASE 1001 1')).toMatchObject({ replayed: false });
  });

  test('ends logins with another password, on each server that reads the file', async () => {
    await expectDone('add dana', 'secret 1');
    await using one = await serve(folder.file('one.db'), '--users', users);
    await using two = await serve(folder.file('two.db'), '--users', users);
    const logs = [new ServerLog(one), new ServerLog(two)];
    const login = async (server: ServeProcess, secret: string) => {
      const client = await server.connect();
      await client.ask('HELLO 3');
      await client.send(`*3\r\n$5\r\nLOGIN\r\n$4\r\ndana\r\n$8\r\n${secret}\r\n`);
      return { client, login: await client.reply() };
    };
    const first = await Promise.all([one, two].map((server) => login(server, 'secret 1')));
    await expectDone('password dana', 'secret 2');
    for (const log of logs) {
      expect(await log.next('users changed')).toMatchObject({ otherPassword: ['dana'] });
    }
    for (const { client, login: before } of first) {
      expect(await client.ask('WHOAMI')).toMatchObject(isEnded);
      expect(await client.ask(`RESUME ${before.token}`)).toMatchObject({ code: 'NOSESSION' });
    }
    expect((await login(one, 'secret 1')).login).toMatchObject({ code: 'WRONGPASS' });
    const again = await login(two, 'secret 2');
    expect(again.login).toMatchObject({ user: 'dana' });
    expect(JSON.stringify(logs.map(({ lines }) => lines))).not.toMatch(/secret|scrypt/);
    await two.stop();
    await using third = await serve(folder.file('two.db'), '--users', users);
    const client = await third.connect();
    await client.ask('HELLO 3');
    expect(await client.ask(`RESUME ${first[1]?.login.token}`)).toMatchObject({
      code: 'NOSESSION',
    });
    expect(await client.ask(`RESUME ${again.login.token}`)).toMatchObject({ user: 'dana' });
  });

  test('reads the file again at SIGHUP, and keeps the users that it has when there is a fault', async () => {
    await expectDone('add dana', 'secret 1');
    await using server = await serve(folder.file('shop.db'), '--users', users);
    const log = new ServerLog(server);
    const good = readFileSync(users, 'utf8');
    writeFileSync(users, good.replace('$scrypt', '$crypt'));
    server.child.kill('SIGHUP');
    const told = await log.next('file not taken');
    expect(told).toMatchObject({ level: 'error', what: 'users' });
    expect(told.error).toMatch(/users\.json:2:\d+: "password" is no scrypt hash/);
    expect(told.error).not.toContain(good.slice(-30, -10));
    const client = await server.connect();
    await client.ask('HELLO 3');
    await client.send('*3\r\n$4\r\nAUTH\r\n$4\r\ndana\r\n$8\r\nsecret 1\r\n');
    expect(await client.reply()).toBe('OK');
    writeFileSync(users, '[]');
    server.child.kill('SIGHUP');
    expect(await log.next('users changed')).toMatchObject({ users: 0, removed: ['dana'] });
    expect(await client.ask('WHOAMI')).toMatchObject(isEnded);
  });

  test.for([
    ['[{"name":"dana","password":"secret"}]', /users\.json:1:28: "password" is no scrypt hash/],
    ['', /users\.json:1:1: the file is empty/],
    [null, /users\.json: there is no such file/],
  ] as const)('does not start with %j', async ([content, message]) => {
    if (content !== null) writeFileSync(users, content);
    const refused = await serveToEnd(
      '--data',
      folder.file('shop.db'),
      '--port',
      '0',
      '--users',
      users,
    );
    expect(refused).toMatchObject({ code: 2, stdout: '' });
    expect(refused.stderr).toMatch(message);
    expect(refused.stderr).not.toContain('secret');
  });
});

describe('the accounts of the demonstration', () => {
  const WARNING = /WARNING: anybody who can reach 0\.0\.0\.0 can log in and buy/;

  test('beyond this machine: a warning for people, and one in the log', async () => {
    const server = await serve(folder.file('shop.db'), '--host', '0.0.0.0');
    const { stderr } = await server.stop();
    expect(stderr).toMatch(WARNING);
    expect(stderr).toMatch(/"level":"warn","event":"passwords are public"/);
  });

  test('on this machine, or with other users: none', async () => {
    await expectDone('add dana', 'secret 1');
    for (const args of [[], ['--host', 'localhost'], ['--host', '0.0.0.0', '--users', users]]) {
      const server = await serve(folder.file('shop.db'), ...args);
      expect((await server.stop()).stderr).not.toMatch(/WARNING|public/);
    }
  });
});

test('inv shop login says what is no password, and the server is not asked', async () => {
  await using server = await serve(folder.file('shop.db'));
  inv.port = server.port;
  const login = (input: string) =>
    inv.run(['shop', 'login', '--user', 'alice', '--password-stdin'], { input });
  for (const [input, message] of [
    ['wonderland\0\n', 'a password has no control characters, and no NUL'],
    [`${'x'.repeat(60_000)}\n`, 'a password has at most 512 bytes'],
    [`${'x'.repeat(1_048_576)}\n`, '--password-stdin: the first line is longer than 65536 bytes'],
  ]) {
    expect(await login(input as string)).toEqual({
      code: 2,
      stdout: '',
      stderr: `inv: ${message}\n`,
    });
  }
  expect(await login('\n')).toMatchObject({ code: 4 });
  expect(await login('wonderland\r\n')).toMatchObject({ code: 0 });
  expect((await server.stop()).stderr.match(/"event":"login failed"/g)).toHaveLength(1);
});

describe('inv serve users', () => {
  test('prints names, also for programs', async () => {
    const add = await operator('add dana --json', 'secret 1');
    expect(add).toEqual({ code: 0, stdout: '{"name":"dana"}\n', stderr: '' });
    expect((await operator('add zo\u00eb', 'secret 2')).stdout).toBe('Added zo\u00eb.\n');
    expect((await operator('list')).stdout).toBe('dana\nzo\u00eb\n');
    expect((await operator('list --json')).stdout).toBe(
      '{"users":[{"name":"dana"},{"name":"zo\u00eb"}]}\n',
    );
    expect((await operator('password dana --json', 'secret 3')).stdout).toBe('{"name":"dana"}\n');
    expect((await operator('remove zoe\u0308 --json')).stdout).toBe('{"name":"zo\u00eb"}\n');
    expect((await operator('remove dana')).stdout).toBe(
      'Removed dana. No user is left: nobody can log in.\n',
    );
  });

  test.for([
    ['add dana', 'secret', 3, /dana is in .*users\.json already; nothing was changed/],
    ['remove erin', '', 3, /there is no user erin in/],
    ['password erin', 'secret', 3, /there is no user erin in/],
    ['add dana\u0007', 'secret', 2, /a user's name has no spaces and no control characters/],
    [`add ${'x'.repeat(65)}`, 'secret', 2, /a user's name has at most 64 characters/],
    ['add erin', 'sec\0ret', 2, /a password has no control characters, and no NUL/],
    ['add erin', 'x'.repeat(513), 2, /a password has at most 512 bytes/],
    ['add erin', 'x'.repeat(1_048_576), 2, /the first line is longer than 65536 bytes/],
    ['add erin --password-stdin', '', 2, /a password is not empty/],
    ['add erin', '', 2, /no password: give it with --password-stdin/],
    ['add', 'secret', 2, /^inv: .*name/],
  ] as const)('%# says why not, and changes nothing', async ([words, input, code, message]) => {
    await expectDone('add dana', 'secret 1');
    const before = readFileSync(users, 'utf8');
    const refused = await operator(words, input);
    expect(refused).toMatchObject({ code, stdout: '' });
    expect(refused.stderr).toMatch(message);
    expect(refused.stderr.split('\n')).toHaveLength(2);
    expect(readFileSync(users, 'utf8')).toBe(before);
  });

  test('a word that is missing is not read from stdin, where a password may stand', async () => {
    for (const command of ['users add --password-stdin --users u.json', 'backup', 'restore']) {
      const args = ['serve', ...command.split(' ')];
      const refused = await inv.run(args, { input: 'secret\n' });
      expect(refused).toMatchObject({ code: 2, stdout: '' });
      expect(refused.stderr).not.toContain('secret');
    }
  });

  test('asks for a password twice, and shows neither', async () => {
    const terminal = new Terminal(['serve', 'users', 'add', 'dana', '--users', users], inv.home);
    await terminal.sees('New password of dana:');
    terminal.type(`secret 1${KEYS.enter}`);
    await terminal.sees('The same once more:');
    terminal.type(`secret 1${KEYS.enter}`);
    await terminal.sees('Added dana.');
    expect(await terminal.ended).toMatchObject({ exitCode: 0 });
    expect(terminal.raw).not.toContain('secret');

    const other = new Terminal(['serve', 'users', 'password', 'dana', '--users', users], inv.home);
    const before = readFileSync(users, 'utf8');
    await other.sees('New password of dana:');
    other.type(`secret 2${KEYS.enter}`);
    await other.sees('The same once more:');
    other.type(`secret 3${KEYS.enter}`);
    await other.sees('the two passwords differ; nothing was changed');
    expect(await other.ended).toMatchObject({ exitCode: 2 });
    expect(readFileSync(users, 'utf8')).toBe(before);
  });
});
