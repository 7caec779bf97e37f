import { Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { TlsConnection } from '../../src/server/tls-connection.ts';
import { Authority, hasOpenssl, type Issued } from '../support/certificates.ts';
import { startServer, type TestServer } from '../support/in-process.ts';
import { commands } from '../support/raw-client.ts';
import { startTlsServer } from '../support/tls-server.ts';

const turn = () => new Promise((resolve) => setImmediate(resolve));

describe.runIf(hasOpenssl)('a connection over TLS (needs openssl)', () => {
  let authority: Authority;
  let issued: Issued;

  beforeAll(() => {
    authority = new Authority();
    issued = authority.issue();
  });
  afterAll(() => authority[Symbol.dispose]());

  /** Hands over records as Node does when one read of the operating system has many: one at a time, in one turn. */
  async function serverWithRecords(records: readonly string[]) {
    const server = await startTlsServer(authority, issued);
    const client = await server.connectTls();
    await client.ask('PING');
    const { socket } = server.ends[0] as (typeof server.ends)[0];
    const before = server.server.requests;
    for (const record of records) socket.push(Buffer.from(record, 'latin1'));
    return { server, client, socket, taken: () => server.server.requests - before };
  }

  test.for([
    [20, false],
    [40, true],
  ] as const)('%i records in a turn: those behind wait is %s', async ([count, isPaused]) => {
    // To hand over a record costs Node some microseconds, however little it holds.
    const { server, client, socket } = await serverWithRecords(Array(count).fill('\n'));
    await using _ = server;
    await using __ = client;
    expect(socket.isPaused()).toBe(isPaused);
    expect(await client.ask('PING')).toBe('PONG');
  });

  test('has what a turn may do once in a turn, in however many records its requests come', async () => {
    const count = 1_000;
    const words = Array.from({ length: count }, (_, index) => `PING ${index}`);
    const { server, client, taken } = await serverWithRecords(words.map((line) => commands(line)));
    await using _ = server;
    await using __ = client;
    expect(taken()).toBe(1);
    let [before, most] = [taken(), 0];
    while (taken() < count) {
      await turn();
      most = Math.max(most, taken() - before);
      before = taken();
    }
    expect(most).toBeLessThan(100);
    expect(await client.replies(count)).toEqual(words.map((line) => line.slice('PING '.length)));
  });

  test('takes a request in pieces, and behind lines without a word, in any records', async () => {
    const bytes = `${'\n'.repeat(3_000)}${commands('PING there')}${'*0\r\n'.repeat(200)}PING\r\n`;
    const { server, client, taken } = await serverWithRecords([...bytes]);
    await using _ = server;
    await using __ = client;
    expect(taken()).toBe(0);
    expect(await client.replies(2)).toEqual(['there', 'PONG']);
  });

  test('answers the first record of a turn at once', async () => {
    const { server, client, taken } = await serverWithRecords(['PING\r\n']);
    await using _ = server;
    await using __ = client;
    expect(taken()).toBe(1);
    expect(await client.reply()).toBe('PONG');
  });
});

describe('messages that a client over TLS does not read', () => {
  /** A connection whose operating system takes a write when `take` is called. */
  function connectionOf(server: TestServer) {
    const waiting: (() => void)[] = [];
    const socket = new Socket();
    Object.assign(socket, {
      _write: (_chunk: Buffer, _encoding: string, done: () => void) => waiting.push(done),
      _writev: null,
    });
    const connection = new TlsConnection(1, socket, new Socket(), server.server);
    return { connection, socket, take: () => waiting.shift()?.() };
  }

  test('are in the memory budget: encrypted, they are shared with nobody', async () => {
    await using server = await startServer();
    const { connection, take } = connectionOf(server);
    const { memory } = server.server;
    connection.output.push([Buffer.alloc(50_000)]);
    expect(memory.total).toBe(50_000);
    take();
    await turn();
    expect(memory.total).toBe(0);
    connection.output.push([Buffer.alloc(1_000), Buffer.alloc(2_000)]);
    expect(memory.total).toBe(3_000);
    connection.destroy();
    await turn();
    expect(memory.total).toBe(0);
  });

  test('are not taken for replies when others follow them before Node has told that they are written', async () => {
    await using server = await startServer();
    const { connection, socket, take } = connectionOf(server);
    connection.output.push([Buffer.alloc(1_000)]);
    take();
    expect(connection.output.mayPush).toBe(true);
    connection.output.push([Buffer.alloc(90_000)]);
    await turn();
    expect(connection.output.unwritten).toBe(0);
    expect(server.server.memory.total).toBe(90_000);
    take();
    await turn();
    expect(server.server.memory.total).toBe(0);
    socket.destroy();
  });
});
