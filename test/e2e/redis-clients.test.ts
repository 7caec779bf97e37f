/** Clients that nobody here wrote, as their users would write them. */
import { execFile, spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { Redis } from 'ioredis';
import { createClient } from 'redis';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { TemporaryFolder } from '../support/folder.ts';
import { type ServeProcess, serve } from '../support/serve-process.ts';

const folder = new TemporaryFolder();
const catalog = folder.file('items.json');
let server: ServeProcess;

beforeAll(async () => {
  writeFileSync(
    catalog,
    '[{"upc":1,"name":"one","units":1000000},{"upc":2,"name":"two","units":3},{"upc":3,"name":"Käse","units":5}]',
  );
  server = await serve(folder.file('shop.db'), '--catalog', catalog);
});

afterAll(async () => {
  await server[Symbol.asyncDispose]();
  folder[Symbol.dispose]();
});

const login = { username: 'alice', password: 'wonderland' };

/** Clients tell of a lost server in an 'error' event too, which `events.once` would take for a failure. */
function event(
  client: { once(name: string, listener: () => void): unknown },
  name: string,
): Promise<void> {
  return new Promise((resolve) => client.once(name, resolve));
}

/** Messages as they come, to be waited for. */
function inbox() {
  const messages: string[] = [];
  let wake: () => void = () => undefined;
  return {
    add: (message: string): void => {
      messages.push(message);
      wake();
    },
    next: async (): Promise<string> => {
      while (messages.length === 0) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
      return messages.shift() as string;
    },
  };
}

describe.each([2, 3] as const)('node-redis, RESP%i', (RESP) => {
  /** A connected client, closed at the end of the scope. */
  async function connect(
    port = server.port,
    credentials = login,
    reconnectStrategy: false | number = 20,
  ) {
    const client = createClient({
      RESP,
      ...credentials,
      name: 'shop-1',
      socket: { host: '127.0.0.1', port, reconnectStrategy },
    });
    client.on('error', () => undefined);
    await client.connect();
    return Object.assign(client, {
      [Symbol.dispose]: () => (client.isOpen ? client.destroy() : undefined),
    });
  }

  test('logs in as it connects, and gives its name', async () => {
    using client = await connect();
    expect(await client.ping()).toBe('PONG');
    expect(await client.clientGetName()).toBe('shop-1');
    expect(await client.sendCommand(['WHOAMI'])).toEqual(
      RESP === 3
        ? { user: 'alice', since: expect.any(Number) }
        : ['user', 'alice', 'since', expect.any(Number)],
    );
  });

  test('buys, and sees the units go', async () => {
    using client = await connect();
    const [before] = (await client.sendCommand(['INVENTORY', '1', '3'])) as unknown[][];
    const units = RESP === 3 ? (before as unknown as { available: number }).available : before?.[5];
    const receipt = await client.sendCommand(['PURCHASE', '1', '2', 'ORDER', `node-redis-${RESP}`]);
    const available = (units as number) - 2;
    expect(receipt).toEqual(
      RESP === 3
        ? {
            order: 'node-redis-3',
            at: expect.any(Number),
            replayed: false,
            lines: [{ upc: 1, qty: 2, available }],
          }
        : [
            'order',
            'node-redis-2',
            'at',
            expect.any(Number),
            'replayed',
            0,
            'lines',
            [['upc', 1, 'qty', 2, 'available', available]],
          ],
    );
  });

  test('reads names in UTF-8', async () => {
    using client = await connect();
    expect(JSON.stringify(await client.sendCommand(['INVENTORY', '3']))).toContain('Käse');
  });

  test('pipelines hundreds of purchases', async () => {
    using client = await connect();
    const purchases = Array.from({ length: 500 }, () => client.sendCommand(['PURCHASE', '1', '1']));
    expect(new Set((await Promise.all(purchases)).map((reply) => JSON.stringify(reply))).size).toBe(
      500,
    );
  });

  test('buys in a transaction, and gets each reply', async () => {
    using client = await connect();
    const multi = client.multi();
    for (const id of ['a', 'b']) {
      multi.addCommand(['PURCHASE', '1', '1', 'ORDER', `multi-${RESP}-${id}`]);
    }
    const replies = (await multi.addCommand(['INVENTORY', '3']).exec()) as unknown[];
    expect(JSON.stringify(replies)).toMatch(/multi-\d-a.*multi-\d-b.*Käse/);
    expect(replies).toHaveLength(3);
    // An error is one of the replies, and the others are done.
    const some = client.multi().addCommand(['PURCHASE', '2', '9']);
    some.addCommand(['PURCHASE', '1', '1', 'ORDER', `multi-${RESP}-c`]);
    const [refused, bought] = await some.exec().catch(({ replies }) => replies);
    expect(refused.message).toMatch(/^NOSTOCK too little stock/);
    expect(JSON.stringify(bought)).toContain(`multi-${RESP}-c`);
  });

  test('a transaction that it takes for failed has bought nothing', async () => {
    using client = await connect();
    const multi = client.multi().addCommand(['PURCHASE', '1', '1', 'ORDER', `failed-${RESP}`]);
    multi.addCommand(['PURCHASE', '1', 'none']);
    await expect(multi.exec()).rejects.toThrow();
    await expect(client.sendCommand(['ORDER', `failed-${RESP}`])).rejects.toThrow('NOORDER');
    expect(await client.ping()).toBe('PONG');
  });

  test('many transactions at once on one connection', async () => {
    using client = await connect();
    const all = Array.from({ length: 50 }, () =>
      client.multi().addCommand(['PURCHASE', '1', '1']).addCommand(['PURCHASE', '1', '1']).exec(),
    );
    expect(new Set((await Promise.all(all)).flat().map((one) => JSON.stringify(one))).size).toBe(
      100,
    );
  });

  test('subscribes, is told what changes, and unsubscribes', async () => {
    using client = await connect();
    using buyer = await connect();
    const messages = inbox();
    const ofItem = inbox();
    await client.subscribe('stock', messages.add);
    await client.subscribe('stock:0001', ofItem.add);
    const [first] = JSON.parse(await messages.next()) as { upc: number; available: number }[];
    expect(first).toMatchObject({ upc: 1 });
    expect(JSON.parse(await ofItem.next())).toEqual([first]);
    await buyer.sendCommand(['PURCHASE', '1', '2']);
    const changed = [{ upc: 1, available: (first?.available ?? 0) - 2 }];
    expect(JSON.parse(await messages.next())).toEqual(changed);
    expect(JSON.parse(await ofItem.next())).toEqual(changed);
    if (RESP === 3) expect(await client.sendCommand(['ACL', 'WHOAMI'])).toBe('alice');
    expect(await client.ping()).toBeTruthy();
    await expect(client.subscribe('sales', () => undefined)).rejects.toThrow('unknown channel');
    await client.unsubscribe('stock');
    await client.unsubscribe();
    expect(String(await client.sendCommand(['ACL', 'WHOAMI']))).toBe('alice');
  });

  test('subscribes again when it reconnects, and has missed nothing', async () => {
    const data = folder.file(`subscribed-${RESP}.db`);
    await using first = await serve(data);
    using client = await connect(first.port);
    const messages = inbox();
    await client.subscribe('stock:1001', messages.add);
    expect(await messages.next()).toBe('[{"upc":1001,"available":50}]');
    await first.stop('SIGTERM');
    await using again = await serve(data, '--port', String(first.port));
    expect(await messages.next()).toBe('[{"upc":1001,"available":50}]');
    await using buyer = await again.login();
    await buyer.ask('PURCHASE 1001 1');
    expect(await messages.next()).toBe('[{"upc":1001,"available":49}]');
  });

  test('is told what is wrong with another database, and echoes', async () => {
    const elsewhere = createClient({
      RESP,
      ...login,
      database: 3,
      socket: { host: '127.0.0.1', port: server.port, reconnectStrategy: false },
    });
    elsewhere.on('error', () => undefined);
    await expect(elsewhere.connect()).rejects.toThrow('DB index is out of range');
    using client = await connect();
    await client.select(0);
    expect(await client.echo('hi')).toBe('hi');
    expect(await client.info('replication')).toMatch(/^role:master\r$/m);
  });

  test('gets errors as errors, and goes on', async () => {
    using client = await connect();
    await expect(client.sendCommand(['PURCHASE', '2', '4'])).rejects.toThrow(
      'NOSTOCK too little stock: 2 asked 4 available 3',
    );
    await expect(client.sendCommand(['PURCHASE', '9', '1'])).rejects.toThrow(
      'NOITEM no such UPC: 9',
    );
    await expect(client.get('key')).rejects.toThrow("ERR unknown command 'GET'");
    expect(await client.ping()).toBe('PONG');
  });

  test('is told of a wrong password', async () => {
    const wrong = { username: 'bob', password: 'wrong' };
    await expect(connect(server.port, wrong, false)).rejects.toThrow(
      'WRONGPASS unknown user or wrong password',
    );
  });

  test('reconnects to a server that was started again, and is logged in', async () => {
    using own = new TemporaryFolder();
    const first = await serve(own.file('shop.db'));
    using client = await connect(first.port);
    expect(await client.sendCommand(['PURCHASE', '1001', '1', 'ORDER', 'a'])).toBeTruthy();
    const lost = event(client, 'reconnecting');
    await first.stop('SIGKILL');
    await lost;
    const ready = event(client, 'ready');
    await using second = await serve(own.file('shop.db'), '--port', String(first.port));
    await ready;
    expect(second.port).toBe(first.port);
    expect(JSON.stringify(await client.sendCommand(['ORDER', 'a']))).toMatch(
      /"replayed"[,:](true|1)/,
    );
  });
});

describe('ioredis', () => {
  /** A client that is ready, its own ready check unchanged. */
  async function connect(port = server.port) {
    const client = new Redis({
      port,
      host: '127.0.0.1',
      ...login,
      connectionName: 'shop-2',
      retryStrategy: () => 20,
    });
    client.on('error', () => undefined);
    if (client.status !== 'ready') await event(client, 'ready');
    return Object.assign(client, { [Symbol.dispose]: () => client.disconnect() });
  }

  test('is ready, logged in and named', async () => {
    using client = await connect();
    expect(await client.ping()).toBe('PONG');
    expect(await client.client('GETNAME')).toBe('shop-2');
    expect(await client.call('WHOAMI')).toEqual(['user', 'alice', 'since', expect.any(Number)]);
    expect(await client.info()).toMatch(/^loading:0\r$/m);
  });

  test('pipelines hundreds of purchases', async () => {
    using client = await connect();
    const pipeline = client.pipeline();
    for (let index = 0; index < 300; index++)
      pipeline.call('PURCHASE', '1', '1', 'ORDER', `io-${index}`);
    pipeline.call('PURCHASE', '2', '99');
    const results = (await pipeline.exec()) ?? [];
    expect(results.slice(0, 300).map(([error, reply]) => [error, (reply as string[])[1]])).toEqual(
      Array.from({ length: 300 }, (_, index) => [null, `io-${index}`]),
    );
    expect(results[300]?.[0]?.message).toBe('NOSTOCK too little stock: 2 asked 99 available 3');
  });

  test('buys in a transaction, errors among the replies', async () => {
    using client = await connect();
    const results = await client
      .multi()
      .call('PURCHASE', '1', '1', 'ORDER', 'io-multi')
      .call('PURCHASE', '2', '99')
      .ping()
      .exec();
    expect(results?.map(([error]) => error?.message)).toEqual([
      undefined,
      'NOSTOCK too little stock: 2 asked 99 available 3',
      undefined,
    ]);
    expect(results?.[0]?.[1]).toMatchObject({ 1: 'io-multi' });
    expect(results?.[2]?.[1]).toBe('PONG');
  });

  test('a transaction that it takes for failed has bought nothing', async () => {
    using client = await connect();
    const failed = client.multi().call('PURCHASE', '1', '1', 'ORDER', 'io-failed').call('NONSENSE');
    await expect(failed.exec()).rejects.toThrow('EXECABORT');
    await expect(client.call('ORDER', 'io-failed')).rejects.toThrow('NOORDER');
  });

  test('subscribes, is told what changes, and unsubscribes', async () => {
    using client = await connect();
    using buyer = await connect();
    const messages = inbox();
    client.on('message', (channel, message) => messages.add(`${channel} ${message}`));
    expect(await client.subscribe('stock:1', 'stock:3')).toBe(2);
    const units = Number(/"available":(\d+)/.exec(await messages.next())?.[1]);
    expect(await messages.next()).toBe('stock:3 [{"upc":3,"available":5}]');
    await buyer.call('PURCHASE', '1', '1');
    expect(await messages.next()).toBe(`stock:1 [{"upc":1,"available":${units - 1}}]`);
    expect(await client.call('ACL', 'WHOAMI')).toBe('alice');
    expect(await client.unsubscribe('stock:3')).toBe(1);
    expect(await client.unsubscribe()).toBe(0);
    expect(await client.ping()).toBe('PONG');
  });

  test('knows nothing but a password: the token of a login', async () => {
    await using other = await server.login('bob');
    const { token } = await other.ask('LOGIN bob builder');
    const client = new Redis({ port: server.port, host: '127.0.0.1', password: token });
    expect(await client.call('ACL', 'WHOAMI')).toBe('bob');
    client.disconnect();
    for (const RESP of [2, 3] as const) {
      const socket = { host: '127.0.0.1', port: server.port };
      const another = await createClient({ RESP, password: token, socket }).connect();
      expect(await another.sendCommand(['ACL', 'WHOAMI'])).toBe('bob');
      another.destroy();
    }
  });

  test('reconnects to a server that was started again, and is logged in', async () => {
    using own = new TemporaryFolder();
    const first = await serve(own.file('shop.db'));
    using client = await connect(first.port);
    await client.call('PURCHASE', '1001', '1', 'ORDER', 'a');
    const lost = event(client, 'close');
    await first.stop();
    await lost;
    const ready = event(client, 'ready');
    await using _second = await serve(own.file('shop.db'), '--port', String(first.port));
    await ready;
    expect(await client.call('ORDER', 'a')).toMatchObject({ 1: 'a', 4: 'replayed', 5: 1 });
  });
});

const has = (program: string) => spawnSync(program, ['--version']).status === 0;
const run = promisify(execFile);

describe('the tools of Redis', () => {
  const words = () => ['-h', '127.0.0.1', '-p', String(server.port), '--user', 'alice'];

  test.runIf(has('redis-cli'))('redis-cli logs in and buys (needs redis-cli)', async () => {
    const cli = (...args: string[]) =>
      run('redis-cli', [...words(), '--pass', 'wonderland', '--no-auth-warning', ...args]);
    expect((await cli('PING')).stdout).toBe('PONG\n');
    expect((await cli('-3', 'INVENTORY', '2')).stdout).toBe('upc 2\nname two\navailable 3\n');
    expect((await cli('PURCHASE', '1', '1', 'ORDER', 'cli')).stdout).toMatch(
      /^order\ncli\nat\n\d+\nreplayed\n0\n/,
    );
    expect((await cli('PURCHASE', '2', '9')).stdout).toContain('NOSTOCK too little stock');
  });

  test.runIf(has('redis-cli'))(
    'redis-cli pipes, shows help, and runs a transaction (needs redis-cli)',
    async () => {
      const cli = async (input: string, ...args: string[]) => {
        const auth = ['--pass', 'wonderland', '--no-auth-warning'];
        const running = run('redis-cli', [...words(), ...auth, ...args]);
        running.child.stdin?.end(input);
        return (await running).stdout;
      };
      const orders = Array.from({ length: 50 }, (_, at) => `PURCHASE 1 1 ORDER "pipe ${at}"\r\n`);
      const named = orders.map((line) => line.replace('pipe ', 'pipe-'));
      // It ends with an ECHO, and waits for that.
      expect(await cli(named.join(''), '--pipe')).toContain('errors: 0, replies: 50');
      expect(await cli('help PURCHASE\n')).toMatch(
        /PURCHASE.*upc qty \[upc qty \.\.\.\] \[ORDER id\].*buy all lines or none/s,
      );
      expect(await cli('MULTI\nPURCHASE 1 1 ORDER cli-multi\nPING\nEXEC\n')).toMatch(
        /^OK\nQUEUED\nQUEUED\norder\ncli-multi\n.*\nPONG\n$/s,
      );
    },
  );

  test.runIf(has('redis-benchmark'))(
    'redis-benchmark runs unchanged (needs redis-benchmark)',
    async () => {
      const before = await server.login('bob');
      const [{ available }] = await before.ask('INVENTORY 1');
      const { stdout } = await run('redis-benchmark', [
        ...words(),
        '-a',
        'wonderland',
        '-c',
        '50',
        '-P',
        '16',
        '-n',
        '16000',
        '-q',
        'PURCHASE',
        '1',
        '1',
      ]);
      expect(stdout).toMatch(/PURCHASE 1 1: [\d.]+ requests per second/);
      expect(stdout).not.toMatch(/error/i);
      expect(available - (await before.ask('INVENTORY 1'))[0].available).toBe(16_000);
      await before[Symbol.asyncDispose]();
    },
  );
});
