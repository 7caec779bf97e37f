import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Authority, hasOpenssl, type Issued } from '../support/certificates.ts';
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
    return { server, client, taken: () => server.server.requests - before };
  }

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
