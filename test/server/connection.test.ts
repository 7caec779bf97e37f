import { describe, expect, test, vi } from 'vitest';
import { ErrorReply } from '../../src/protocol/error-codes.ts';
import { MAX_COMMAND_BYTES_BEFORE_LOGIN } from '../../src/protocol/limits.ts';
import { startServer } from '../support/in-process.ts';
import { commands } from '../support/raw-client.ts';

const noAuth = new ErrorReply('NOAUTH', 'log in first');
const wrongPassword = new ErrorReply('WRONGPASS', 'unknown user or wrong password');

describe('pipelining', () => {
  test('20,000 purchases in one write are answered in their order', async () => {
    await using server = await startServer({ catalog: [{ upc: 1, name: 'one', units: 15_000 }] });
    await using client = await server.login();
    await client.send(commands('PURCHASE 1 1').repeat(20_000));
    const replies = await client.replies(20_000);
    const left = replies.slice(0, 15_000).map(({ lines }) => lines[0].available);
    expect(left).toEqual(Array.from({ length: 15_000 }, (_, index) => 14_999 - index));
    const short = new ErrorReply('NOSTOCK', 'too little stock: 1 asked 1 available 0');
    expect(replies.slice(15_000)).toEqual(Array(5_000).fill(short));
  });

  test('requests of every kind are answered in their order', async () => {
    await using server = await startServer();
    await using client = await server.login();
    const lines = [
      'PING 1',
      'PURCHASE 1001 1 ORDER a',
      'NONSENSE',
      'INVENTORY',
      'PING 2',
      'ORDER a',
      'INVENTORY 1001',
      'ORDERS',
      'PURCHASE 1001 x',
      'WHOAMI',
      'CLIENT ID',
      'COMMAND COUNT',
      'PING 3',
    ];
    await client.send(commands(...lines));
    expect(await client.replies(lines.length)).toMatchObject([
      '1',
      { order: 'a', replayed: false },
      { code: 'ERR' },
      Array(14).fill({ upc: expect.any(Number) }),
      '2',
      { order: 'a', replayed: true },
      [{ upc: 1001, available: 49 }],
      [{ order: 'a', refusal: null }],
      { code: 'ERR' },
      { user: 'alice' },
      expect.any(Number),
      expect.any(Number),
      '3',
    ]);
  });

  test('each order has the time at which it came', async () => {
    await using server = await startServer();
    await using client = await server.login();
    using clock = vi.spyOn(Date, 'now');
    for (const now of [1_000, 2_000]) {
      clock.mockReturnValue(now);
      await client.send(commands('PURCHASE 1001 1', 'PURCHASE 1001 1'));
      expect(await client.replies(2)).toMatchObject([{ at: now }, { at: now }]);
    }
  });

  test('a request may come in any pieces', async () => {
    await using server = await startServer();
    await using client = await server.login();
    for (const byte of `${commands('PURCHASE 1001 2 ORDER a')}PING\r\n`) await client.send(byte);
    expect(await client.replies(2)).toMatchObject([{ order: 'a' }, 'PONG']);
  });

  test('two connections buy at the same time, and the units are those of both', async () => {
    await using server = await startServer();
    await using one = await server.login('alice');
    await using other = await server.login('bob');
    for (let index = 0; index < 30; index++) {
      await one.send(commands('PURCHASE 1001 1'));
      await other.send(commands('PURCHASE 1001 1'));
    }
    const replies = [...(await one.replies(30)), ...(await other.replies(30))];
    const bought = replies.filter((reply) => !(reply instanceof ErrorReply));
    const left = bought.map(({ lines }) => lines[0].available).sort((a, b) => b - a);
    expect(left).toEqual(Array.from({ length: 50 }, (_, index) => 49 - index));
  });
});

describe('who the client is', () => {
  test('requests behind LOGIN wait for it, and may be as large as a login allows', async () => {
    await using server = await startServer();
    await using client = await server.connect();
    const large = `PING ${'x'.repeat(2 * MAX_COMMAND_BYTES_BEFORE_LOGIN)}`;
    await client.send(commands('HELLO 3', 'LOGIN alice wonderland', 'WHOAMI', large));
    const [, login, who, pong] = await client.replies(4);
    expect(login).toEqual({
      token: expect.stringMatching(/^[\w-]{43}$/),
      user: 'alice',
      since: expect.any(Number),
      shop: expect.stringMatching(/^[0-9a-f-]{36}$/),
      shop_since: expect.any(Number),
    });
    expect(who).toEqual({ user: 'alice', since: login.since });
    expect(pong).toHaveLength(2 * MAX_COMMAND_BYTES_BEFORE_LOGIN);
  });

  test.for(['LOGIN alice builder', 'AUTH nobody wonderland', 'HELLO 3 AUTH alice builder'])(
    'requests behind a refused %s are not logged in',
    async (login) => {
      await using server = await startServer();
      await using client = await server.connect();
      await client.send(commands(login, 'PURCHASE 1001 1'));
      expect(await client.replies(2)).toEqual([wrongPassword, noAuth]);
    },
  );

  test('a refused login leaves the one before it', async () => {
    await using server = await startServer();
    await using client = await server.login('bob');
    await client.send(commands('AUTH alice builder', 'RESUME nonsense', 'WHOAMI'));
    expect(await client.replies(3)).toMatchObject([
      wrongPassword,
      { code: 'NOSESSION' },
      { user: 'bob' },
    ]);
  });

  test('a token logs in other connections, until one of them logs out', async () => {
    await using server = await startServer();
    await using one = await server.connect();
    await using other = await server.connect();
    await one.send(commands('HELLO 3', 'LOGIN carol singer'));
    const [, { token, since }] = await one.replies(2);
    await other.send(commands('HELLO 3', `RESUME ${token}`, 'WHOAMI'));
    expect((await other.replies(3)).slice(1)).toEqual(Array(2).fill({ user: 'carol', since }));
    await other.send(commands('LOGOUT', 'WHOAMI', `RESUME ${token}`));
    expect(await other.replies(3)).toMatchObject(['OK', noAuth, { code: 'NOSESSION' }]);
    expect(await one.ask('PURCHASE 1001 1')).toEqual(
      new ErrorReply('NOAUTH', 'this login has ended; log in again'),
    );
  });

  test('AUTH is a login of this connection, and LOGOUT ends it', async () => {
    await using server = await startServer();
    await using client = await server.connect();
    await client.send(commands('HELLO 3', 'AUTH bob builder', 'WHOAMI', 'LOGOUT', 'WHOAMI'));
    expect((await client.replies(5)).slice(1)).toMatchObject(['OK', { user: 'bob' }, 'OK', noAuth]);
  });

  test('a wrong password holds up nobody else, nor another user of the same address', async () => {
    await using server = await startServer();
    await using guesser = await server.connect();
    await using buyer = await server.login();
    for (let guess = 0; guess < 3; guess++) await guesser.send(commands('AUTH alice builder'));
    await guesser.send(commands('PING late'));
    const order: string[] = [];
    const guessed = guesser.replies(4).then((replies) => order.push(replies[3]));
    await using bob = await server.login('bob');
    for (let index = 0; index < 20; index++) await buyer.ask('PURCHASE 1001 1');
    order.push(...(await bob.ask('WHOAMI')).user);
    await guessed;
    expect(order.join('')).toBe('boblate');
  });
});

describe('protocol versions', () => {
  test('HELLO switches from its own reply on, in the middle of a pipeline', async () => {
    await using server = await startServer();
    await using client = await server.connect();
    const hello = [
      'AUTH alice wonderland',
      'INVENTORY 1006',
      'HELLO 3',
      'INVENTORY 1006',
      'HELLO 2',
      'INVENTORY 1006',
      'QUIT',
    ];
    await client.send(commands(...hello));
    const item =
      '$3\r\nupc\r\n:1006\r\n$4\r\nname\r\n$16\r\nVinyl LP, signed\r\n$9\r\navailable\r\n:10\r\n';
    const [first, second, third] = (await client.untilClosed()).split(
      /(?:%9|\*18)\r\n.*?shop_since\r\n:\d+\r\n/s,
    );
    expect(first).toBe(`+OK\r\n*1\r\n*6\r\n${item}`);
    expect(second).toBe(`*1\r\n%3\r\n${item}`);
    expect(third).toBe(`*1\r\n*6\r\n${item}+OK\r\n`);
  });

  test('HELLO without a version tells the one in use, and a bad one changes nothing', async () => {
    await using server = await startServer();
    await using client = await server.connect();
    await client.send(commands('HELLO 3', 'HELLO', 'HELLO 4', 'HELLO'));
    expect(await client.replies(4)).toMatchObject([
      {
        server: 'inv',
        version: '0.0.0-test',
        proto: 3,
        mode: 'standalone',
        role: 'master',
        modules: [],
        shop: expect.stringMatching(/^[0-9a-f-]{36}$/),
        shop_since: expect.any(Number),
      },
      { proto: 3 },
      { code: 'NOPROTO' },
      { proto: 3 },
    ]);
  });

  test('HELLO … SETNAME names the connection', async () => {
    await using server = await startServer();
    await using client = await server.connect();
    await client.send(commands('HELLO 3 SETNAME till-4', 'CLIENT GETNAME'));
    expect((await client.replies(2))[1]).toBe('till-4');
  });
});
