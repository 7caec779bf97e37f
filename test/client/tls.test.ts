import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Client } from '../../src/client/client.ts';
import { NoServer, TlsFailure, type TlsProblem } from '../../src/client/errors.ts';
import { toTlsFailure } from '../../src/client/tls.ts';
import { fakeServer, Raw } from '../shop/support/servers.ts';
import { Authority, hasOpenssl, type IssueOptions } from '../support/certificates.ts';
import { startServer } from '../support/in-process.ts';
import { startTlsServer } from '../support/tls-server.ts';

const TIMEOUTS = { connectMs: 5_000, replyMs: 5_000 };

describe.runIf(hasOpenssl)('a client with TLS (needs openssl)', () => {
  let authority: Authority;
  let stranger: Authority;

  beforeAll(() => {
    authority = new Authority();
    stranger = new Authority();
  });
  afterAll(() => {
    authority[Symbol.dispose]();
    stranger[Symbol.dispose]();
  });

  const start = (of: IssueOptions = {}) => startTlsServer(authority, authority.issue(of));
  const connect = (port: number, ca = String(authority.trusted), host = 'localhost') =>
    Client.connect({ host, port, tls: { ca } }, TIMEOUTS);

  test.each(['localhost', '127.0.0.1'])('buys at %s', async (host) => {
    await using server = await start();
    const client = await connect(server.port, undefined, host);
    await client.login('alice', 'wonderland');
    const receipt = await client.purchase([{ upc: 1001, qty: 2 }], 'a');
    expect(receipt.lines).toMatchObject([{ upc: 1001, qty: 2, available: 48 }]);
    client.close();
  });

  test.for<[TlsProblem, IssueOptions, boolean, RegExp]>([
    [
      'wrongName',
      { names: 'DNS:shop.example' },
      true,
      /is for DNS:shop\.example, not for localhost$/,
    ],
    [
      'wrongName',
      { names: 'IP:10.0.0.5' },
      true,
      /is for IP Address:10\.0\.0\.5, not for localhost$/,
    ],
    ['expired', { days: -1 }, true, /has expired$/],
    ['unknownAuthority', {}, false, /is from an authority that is not trusted here$/],
  ])('%s: %j is refused before anything is sent', async ([problem, of, isTrusted, sentence]) => {
    await using server = await start(of);
    const ca = String((isTrusted ? authority : stranger).trusted);
    const failure = await connect(server.port, ca).catch((error) => error);
    expect(failure).toBeInstanceOf(TlsFailure);
    expect(failure).toBeInstanceOf(NoServer);
    expect(failure.problem).toBe(problem);
    expect(failure.message).toMatch(sentence);
    expect(server.server.requests).toBe(0);
  });

  test('a server without TLS is noTls, and one with TLS is tlsOnly to a client without', async () => {
    await using plain = await startServer();
    await expect(connect(plain.port)).rejects.toMatchObject({ problem: 'noTls' });
    await using server = await start();
    const address = { host: 'localhost', port: server.port };
    await expect(Client.connect(address, TIMEOUTS)).rejects.toMatchObject({ problem: 'tlsOnly' });
  });
});

test('an alert of TLS is what a port sends that speaks nothing else', async () => {
  const { address } = await fakeServer(() => new Raw('\x15\x03\x01\x00\x02\x02\x46'));
  await expect(Client.connect(address, TIMEOUTS)).rejects.toMatchObject({ problem: 'tlsOnly' });
});

test.for<[string, TlsProblem | null]>([
  ['DEPTH_ZERO_SELF_SIGNED_CERT', 'selfSigned'],
  ['CERT_NOT_YET_VALID', 'notYetValid'],
  ['SELF_SIGNED_CERT_IN_CHAIN', 'unknownAuthority'],
  ['CERT_REVOKED', 'other'],
  ['ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION', 'other'],
  ['ECONNREFUSED', null],
  ['ECONNRESET', null],
])('%s is %s', ([code, problem]) => {
  const cause = Object.assign(new Error('words \x1b[31m'), { code });
  const failure = new NoServer('no server', { cause });
  const seen = toTlsFailure(failure, { host: 'localhost', port: 1 });
  if (problem === null) expect(seen).toBe(failure);
  else expect(seen).toMatchObject({ problem, cause });
  expect(seen.message).not.toContain('\x1b');
});
