import { readFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import type { ConnectionOptions } from 'node:tls';
import { toCertificate } from '../../src/server/certificate.ts';
import { TlsListener } from '../../src/server/tls-listener.ts';
import type { Authority, Issued } from './certificates.ts';
import { PASSWORDS, startServer, type TestServer, type TestServerOptions } from './in-process.ts';
import { RawClient } from './raw-client.ts';

/** The server's end of a connection. */
export interface ServerEnd {
  readonly socket: Socket;
  /** What carries it. */
  readonly tcp: Socket | null;
}

export interface TlsTestServer extends TestServer {
  readonly listener: TlsListener;
  /** The server's ends of all connections, the oldest first. */
  readonly ends: readonly ServerEnd[];
  connectTls(options?: ConnectionOptions): Promise<RawClient>;
  /** A connection that speaks RESP3 and is logged in as `user`. */
  loginTls(user?: keyof typeof PASSWORDS): Promise<RawClient>;
}

export function contextOf({ cert, key }: Issued) {
  return toCertificate({ cert, key }, readFileSync(cert), readFileSync(key)).context;
}

/** A server in the test's own process that speaks TLS with a certificate of `authority`. */
export async function startTlsServer(
  authority: Authority,
  issued: Issued,
  options: TestServerOptions = {},
): Promise<TlsTestServer> {
  const ends: ServerEnd[] = [];
  let listener: TlsListener | undefined;
  const server = await startServer({
    ...options,
    openListener: (accept, log) => {
      const handOver = (socket: Socket, tcp: Socket | null) => {
        ends.push({ socket, tcp });
        accept(socket, tcp);
      };
      listener = new TlsListener(contextOf(issued), handOver, log);
      return listener;
    },
  });
  const connectTls = (own: ConnectionOptions = {}) =>
    RawClient.connectTls(server.port, { ca: authority.trusted, ...own });
  return {
    ...server,
    listener: listener as TlsListener,
    ends,
    connectTls,
    loginTls: async (user = 'alice') => {
      const client = await connectTls();
      await client.ask(`HELLO 3 AUTH ${user} ${PASSWORDS[user]}`);
      return client;
    },
  };
}
