import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect, Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { connect as connectTls } from 'node:tls';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import {
  HANDSHAKE_TIMEOUT_MS,
  MAX_HANDSHAKES,
  UNREAD_OUTPUT_PAUSE_BYTES,
} from '../../src/protocol/limits.ts';
import { Handshake } from '../../src/server/handshake.ts';
import { TlsListener } from '../../src/server/tls-listener.ts';
import { Authority, hasOpenssl, type Issued } from '../support/certificates.ts';
import { startServer } from '../support/in-process.ts';
import { commands, RawClient } from '../support/raw-client.ts';
import { contextOf, startTlsServer, type TlsTestServer } from '../support/tls-server.ts';

const turn = () => new Promise((resolve) => setImmediate(resolve));

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await turn();
}

describe.runIf(hasOpenssl)('a port that speaks TLS (needs openssl)', () => {
  let authority: Authority;
  let issued: Issued;

  beforeAll(() => {
    authority = new Authority();
    issued = authority.issue();
  });
  afterAll(() => authority[Symbol.dispose]());

  const start = (options = {}) => startTlsServer(authority, issued, options);

  /** The first message of a client, as OpenSSL writes it. */
  async function clientHello(): Promise<Buffer> {
    const seen = Promise.withResolvers<Buffer>();
    const way = new Duplex({
      read: () => undefined,
      write: (chunk: Buffer, _encoding, done) => {
        seen.resolve(chunk);
        done();
      },
    });
    const client = connectTls({ socket: way, servername: 'localhost' });
    client.on('error', () => undefined);
    const hello = await seen.promise;
    client.destroy();
    return hello;
  }

  /** Connections that send `bytes` and then nothing more. */
  async function strangers(
    server: TlsTestServer,
    count: number,
    bytes: Buffer,
    localAddress = '127.0.0.1',
  ) {
    const all: Socket[] = [];
    for (let index = 0; index < count; index++) {
      const socket = connect({ port: server.port, host: '127.0.0.1', localAddress });
      socket.on('error', () => undefined);
      await once(socket, 'connect');
      socket.resume().write(bytes);
      all.push(socket);
    }
    return {
      all,
      get open() {
        return all.filter((socket) => !socket.closed).length;
      },
      [Symbol.dispose]: () => {
        for (const socket of all) socket.destroy();
      },
    };
  }

  test.each(['TLSv1.2', 'TLSv1.3'] as const)('sells over %s', async (version) => {
    await using server = await start();
    await using client = await server.connectTls({ minVersion: version, maxVersion: version });
    expect(await client.ask('AUTH alice wonderland')).toBe('OK');
    await client.send(commands(...Array(500).fill('PURCHASE 1003 1')));
    expect(await client.replies(500)).toHaveLength(500);
  });

  test('does not speak anything older', async () => {
    await using server = await start();
    const old = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'ALL:@SECLEVEL=0' } as const;
    await expect(server.connectTls(old)).rejects.toThrow(/protocol version|unsupported protocol/);
    await until(() => server.logged.length > 0);
    expect(server.logged).toMatchObject([
      { event: 'TLS handshake failed', address: '127.0.0.1', error: 'unsupported protocol' },
    ]);
  });

  test('lets a client come back without a whole handshake', async () => {
    await using server = await start();
    const first = await server.connectTls({ maxVersion: 'TLSv1.2' });
    const session = (first.socket as ReturnType<typeof connectTls>).getSession();
    await first[Symbol.asyncDispose]();
    await using again = await server.connectTls({ maxVersion: 'TLSv1.2', session });
    expect((again.socket as ReturnType<typeof connectTls>).isSessionReused()).toBe(true);
    expect(await again.ask('PING')).toBe('PONG');
  });

  test('a client cannot ask for one handshake after the other', async () => {
    await using server = await start();
    await using client = await server.connectTls({ maxVersion: 'TLSv1.2' });
    const socket = client.socket as ReturnType<typeof connectTls>;
    const renewed = new Promise((resolve) => socket.renegotiate({}, resolve));
    const outcome = await Promise.race([renewed, client.untilClosed().catch((error) => error)]);
    expect(outcome).toMatchObject({ code: 'ERR_SSL_NO_RENEGOTIATION' });
    await using other = await server.connectTls();
    expect(await other.ask('PING')).toBe('PONG');
  });

  test.each([
    ['whole', commands('AUTH alice wonderland', 'PURCHASE 1001 1')],
    ['a byte at a time', 'PING\r\n'],
  ])('tells a client without TLS so, and looks at nothing it sent: %s', async (how, bytes) => {
    await using server = await start();
    await using client = await server.connect();
    const parts = how === 'whole' ? [bytes] : [...bytes];
    for (const part of parts) await client.send(part).catch(() => undefined);
    expect(await client.untilClosed()).toBe('-TLSONLY this port speaks TLS and nothing else\r\n');
    expect(server.logged).toMatchObject([
      { event: 'client without TLS', level: 'warn', address: '127.0.0.1' },
    ]);
    expect(server.ends).toEqual([]);
  });

  test('a client without TLS that has closed its side is told, too', async () => {
    await using server = await start();
    await using client = await server.connect();
    client.end(Buffer.from('PING\r\n'));
    expect(await client.untilClosed()).toContain('-TLSONLY');
  });

  test('a client without TLS that has just been told so is no handshake that took too long', async () => {
    await using server = await start();
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    try {
      await using client = await server.connect();
      await until(() => server.listener.underWay === 1);
      vi.advanceTimersByTime(HANDSHAKE_TIMEOUT_MS - 1);
      // It does not read the end, and does not close its side.
      client.socket.once('data', () => client.socket.pause());
      const told = once(client.socket, 'data');
      await client.send('PING\r\n');
      await told;
      vi.advanceTimersByTime(1);
      expect(server.listener.underWay).toBe(1);
    } finally {
      vi.useRealTimers();
    }
    expect(server.logged).toMatchObject([{ event: 'client without TLS' }]);
  });

  test('noise after the first byte of a handshake is refused and logged', async () => {
    await using server = await start();
    await using client = await server.connect();
    await client.send('\x16\x03\x01\x00\x05noise');
    await client.untilClosed();
    expect(server.logged).toMatchObject([{ event: 'TLS handshake failed' }]);
    await using buyer = await server.connectTls();
    expect(await buyer.ask('PING')).toBe('PONG');
  });

  test('who only looks whether the port is open is no event', async () => {
    await using server = await start();
    const client = await server.connect();
    client.end();
    await client.untilClosed();
    await until(() => server.listener.underWay === 0);
    expect(server.logged).toEqual([]);
  });

  test('a first message that comes in pieces is answered when it is whole, and not begun before', async () => {
    await using server = await start();
    const begin = vi.spyOn(Handshake.prototype, 'start');
    using _ = begin;
    let taken = 0;
    const { read } = Socket.prototype;
    using _reads = vi.spyOn(Socket.prototype, 'read').mockImplementation(function (
      this: Socket,
      size,
    ) {
      const chunk = read.call(this, size);
      if (this.localPort === server.port) taken += chunk?.length ?? 0;
      return chunk;
    });
    await using client = await server.connect();
    const hello = await clientHello();
    for (const byte of hello.subarray(0, -1)) await client.send(Buffer.of(byte));
    await until(() => taken === hello.length - 1 || begin.mock.calls.length > 0);
    expect(begin).not.toHaveBeenCalled();
    const answered = once(client.socket, 'data');
    await client.send(hello.subarray(-1));
    expect((await answered)[0][0]).toBe(22);
    expect(begin).toHaveBeenCalledOnce();
  });

  describe('strangers that never finish', () => {
    test.each(['who say nothing', 'who stop in the middle'])(
      '%s: buyers come and buy',
      async (how) => {
        await using server = await start();
        await using before = await server.loginTls();
        const hello = how === 'who say nothing' ? Buffer.alloc(0) : await clientHello();
        using crowd = await strangers(server, MAX_HANDSHAKES + 50, hello);
        await until(() => crowd.open === MAX_HANDSHAKES);
        expect(server.listener.underWay).toBe(MAX_HANDSHAKES);
        // The oldest ones made room.
        expect(crowd.all.slice(0, 50).every((socket) => socket.closed)).toBe(true);
        expect(await before.ask('PURCHASE 1001 1')).toMatchObject({ lines: [{ available: 49 }] });
        await using buyer = await server.loginTls('bob');
        expect(await buyer.ask('PURCHASE 1001 1')).toMatchObject({ lines: [{ available: 48 }] });
        expect(server.listener.underWay).toBe(MAX_HANDSHAKES - 1);
        const warnings = server.logged.filter(({ level }) => level === 'warn');
        expect(new Set(warnings.map(({ event, error }) => `${event}: ${error}`))).toEqual(
          new Set(['TLS handshake failed: too many at once']),
        );
      },
    );

    test('are cut when their time is over', async () => {
      await using server = await start();
      vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
      try {
        using crowd = await strangers(server, 3, await clientHello());
        await until(() => server.listener.underWay === 3);
        vi.advanceTimersByTime(HANDSHAKE_TIMEOUT_MS - 1);
        expect(server.listener.underWay).toBe(3);
        vi.advanceTimersByTime(1);
        expect(server.listener.underWay).toBe(0);
        await until(() => crowd.open === 0);
      } finally {
        vi.useRealTimers();
      }
      expect(server.logged).toMatchObject(
        Array(3).fill({ event: 'TLS handshake failed', error: 'it took too long' }),
      );
    });

    test('each turn of the event loop begins one handshake', async () => {
      await using server = await start();
      const starts: number[] = [];
      let turns = 0;
      let counting = true;
      const count = () => {
        turns++;
        if (counting) setImmediate(count);
      };
      const { start: begin } = Handshake.prototype;
      using _ = vi.spyOn(Handshake.prototype, 'start').mockImplementation(function (
        this: Handshake,
        context,
      ) {
        starts.push(turns);
        begin.call(this, context);
      });
      const hello = await clientHello();
      count();
      using crowd = await strangers(server, 100, Buffer.alloc(0));
      await until(() => server.listener.underWay === 100);
      for (const socket of crowd.all) socket.write(hello);
      await until(() => starts.length === crowd.all.length);
      counting = false;
      expect(new Set(starts).size).toBe(100);
    });

    test('are not all waited for by who comes behind them, and none of them is forgotten', async () => {
      await using server = await start();
      const hello = await clientHello();
      using crowd = await strangers(server, MAX_HANDSHAKES - 1, Buffer.alloc(0));
      await until(() => server.listener.underWay === crowd.all.length);
      let starts = 0;
      const { start: begin } = Handshake.prototype;
      using _ = vi.spyOn(Handshake.prototype, 'start').mockImplementation(function (
        this: Handshake,
        context,
      ) {
        starts++;
        begin.call(this, context);
      });
      for (const socket of crowd.all) socket.write(hello);
      await until(() => starts === 10);
      await using late = await server.connectTls();
      expect(starts).toBeLessThan(crowd.all.length / 2);
      expect(await late.ask('PING')).toBe('PONG');
      await until(() => starts === crowd.all.length + 1);
    });

    // Other systems than Linux have only 127.0.0.1 unless they are told to have more.
    test.runIf(process.platform === 'linux')('of one address do not keep out another', async () => {
      await using server = await start();
      const hello = await clientHello();
      using one = await strangers(server, 1, hello, '127.0.0.2');
      await until(() => server.listener.underWay === 1);
      const starts: string[] = [];
      const { start: begin } = Handshake.prototype;
      using _ = vi.spyOn(Handshake.prototype, 'start').mockImplementation(function (
        this: Handshake,
        context,
      ) {
        starts.push(this.address);
        begin.call(this, context);
      });
      using crowd = await strangers(server, MAX_HANDSHAKES + 50, Buffer.alloc(0));
      await until(() => crowd.open === MAX_HANDSHAKES - 1);
      // It was there first, and stays.
      expect(one.open).toBe(1);
      for (const socket of crowd.all) if (!socket.closed) socket.write(hello);
      using late = await strangers(server, 1, hello, '127.0.0.3');
      await until(() => starts.length === MAX_HANDSHAKES - 1);
      expect(late.open).toBe(1);
      const place = starts.indexOf('127.0.0.3');
      expect(place).toBeGreaterThanOrEqual(0);
      expect(place).toBeLessThan(MAX_HANDSHAKES - 100);
    });

    test('are gone with the server', async () => {
      const server = await start();
      using crowd = await strangers(server, 3, await clientHello());
      await until(() => server.listener.underWay === 3);
      await server[Symbol.asyncDispose]();
      await until(() => crowd.open === 0);
    });
  });

  describe('the end of a connection', () => {
    test('who closes its side after its requests still gets every reply', async () => {
      await using server = await start({ catalog: [{ upc: 1, name: 'one', units: 3_000 }] });
      await using client = await server.connectTls();
      const all = commands('AUTH alice wonderland', ...Array(3_000).fill('PURCHASE 1 1'));
      client.end(Buffer.from(all));
      expect(await client.reply()).toBe('OK');
      expect(await client.replies(3_000)).toHaveLength(3_000);
      await client.untilClosed();
    });

    test('QUIT is answered last, and what was sent behind it resets nothing', async () => {
      await using server = await start();
      await using client = await server.loginTls();
      const long = 'x'.repeat(50_000);
      await client.send(commands(...Array(20).fill(`PING ${long}`), 'QUIT'));
      void client.send('y'.repeat(500_000)).catch(() => undefined);
      expect((await client.untilClosed()).endsWith('+OK\r\n')).toBe(true);
      expect(client.received.length).toBeGreaterThan(20 * 50_000);
    });

    test('the server says good-bye when it stops', async () => {
      await using server = await start();
      await using client = await server.connectTls();
      await client.ask('PING');
      const stopped = server.server.stop();
      expect(await client.untilClosed()).toBe('+PONG\r\n');
      await stopped;
    });

    test('a connection that is reset is dropped, and the others go on', async () => {
      await using server = await start();
      const client = await server.loginTls();
      await using other = await server.loginTls('bob');
      await client.send(commands('PURCHASE 1001 1'));
      server.ends[0]?.tcp?.resetAndDestroy();
      await client.untilClosed().catch(() => undefined);
      expect(await other.ask('PING')).toBe('PONG');
      expect(server.server.figures().Clients?.connected_clients).toBe(1);
    });
  });

  describe('a client that does not read its replies', () => {
    const ping = `PING ${'x'.repeat(1_000)}`;

    async function stuckClient(server: TlsTestServer) {
      const client = await server.loginTls();
      const end = server.ends.at(-1) as (typeof server.ends)[0];
      client.socket.pause();
      const sent = client.send(commands(...Array(20_000).fill(ping)));
      await until(() => end.socket.writableLength > UNREAD_OUTPUT_PAUSE_BYTES);
      return { client, end, sent };
    }

    test('is counted with what it keeps, and gets it all when it reads', async () => {
      await using server = await start();
      const { client, end, sent } = await stuckClient(server);
      await using _ = client;
      await until(() => end.socket.isPaused());
      // As it was, and encrypted.
      expect(server.server.memory.total).toBeGreaterThan(2 * end.socket.writableLength);
      client.socket.resume();
      expect(await client.replies(20_000)).toHaveLength(20_000);
      await sent;
      expect(await client.ask('PING')).toBe('PONG');
      expect(server.server.memory.total).toBeLessThan(1_000);
    });

    test('is not cut for the messages that it does not read', async () => {
      await using server = await start();
      await using client = await server.loginTls();
      await using buyer = await server.loginTls('bob');
      await client.send(commands('SUBSCRIBE stock'));
      client.socket.pause();
      const end = server.ends[0] as (typeof server.ends)[0];
      await until(() => end.socket.bytesWritten > 500);
      await buyer.ask('PURCHASE 1001 1');
      // No time runs in which it must have read.
      expect(end.socket.timeout ?? 0).toBe(0);
      client.socket.resume();
      await until(() => client.received.includes('"available":49'));
    });

    test('is cut when it reads nothing, and not while it reads slowly', async () => {
      await using server = await start();
      const { client, end, sent } = await stuckClient(server);
      sent.catch(() => undefined);
      const { socket, tcp } = end;
      const queued = () =>
        (tcp as unknown as { _handle: { writeQueueSize: number } })._handle.writeQueueSize;
      socket.emit('timeout');
      const before = queued();
      while (queued() === before) {
        client.socket.once('data', () => client.socket.pause());
        client.socket.resume();
        await turn();
      }
      socket.emit('timeout');
      expect(socket.destroyed).toBe(false);
      // What is under way still reaches the client's system.
      await until(() => {
        socket.emit('timeout');
        return socket.destroyed;
      });
      client.socket.resume();
      await client.untilClosed().catch(() => undefined);
      await client[Symbol.asyncDispose]();
    });
  });

  test.each([
    [Number.POSITIVE_INFINITY, MAX_HANDSHAKES],
    [1_000_000, MAX_HANDSHAKES],
    [1_024, 256],
    [3, 1],
  ])('with %d open files, strangers have %d of them', (files, reserved) => {
    const nobody = () => undefined;
    expect(new TlsListener(contextOf(issued), nobody, nobody, files).reservedFiles).toBe(reserved);
  });

  test('a new certificate is for new handshakes, and open connections stay', async () => {
    await using server = await start();
    await using before = await server.loginTls();
    const renewed = authority.issue({ names: 'DNS:shop.example' });
    server.listener.use(contextOf(renewed));
    expect(await before.ask('PURCHASE 1001 1')).toMatchObject({ lines: [{ available: 49 }] });
    await expect(server.connectTls()).rejects.toThrow(/altnames/);
    await using after = await server.connectTls({ servername: 'shop.example' });
    expect(await after.ask('PING')).toBe('PONG');
    expect(readFileSync(renewed.cert)).not.toEqual(readFileSync(issued.cert));
  });
});

describe('a port that does not speak TLS', () => {
  test('tells a client with TLS so, logs it, and goes on', async () => {
    await using server = await startServer();
    const failed = RawClient.connectTls(server.port, {});
    await expect(failed).rejects.toMatchObject({ code: 'ERR_SSL_WRONG_VERSION_NUMBER' });
    expect(server.logged).toMatchObject([
      { event: 'client with TLS', level: 'warn', address: '127.0.0.1' },
    ]);
    await using client = await server.connect();
    expect(await client.ask('PING')).toBe('PONG');
  });
});
