/** A proxy of a test's own: it passes bytes on, or holds or drops them, or cuts the connection. */
import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';

/**
 * Looks at what one side sends, and says what becomes of it. `hold`: it, and what comes after it, waits
 * for release(); `leave`: the same, and the client's side is closed meanwhile; `cut`: it is lost.
 */
export type Watch = (chunk: Buffer) => 'pass' | 'hold' | 'leave' | 'cut';

export class TcpProxy implements AsyncDisposable {
  readonly port: number;
  readonly #server: Server;
  readonly #pairs = new Set<{ client: Socket; target: Socket; held: Buffer[]; holds: boolean }>();
  /** For what clients send, and for what the target answers. */
  fromClient: Watch = () => 'pass';
  fromTarget: Watch = () => 'pass';

  private constructor(server: Server, port: number) {
    this.#server = server;
    this.port = port;
  }

  static async to(targetPort: number): Promise<TcpProxy> {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const proxy = new TcpProxy(server, (server.address() as { port: number }).port);
    server.on('connection', (client) => proxy.#join(client, targetPort));
    return proxy;
  }

  /** Sends on what was held from clients, also of connections that the client has left. */
  release(): void {
    for (const pair of this.#pairs) {
      pair.holds = false;
      for (const chunk of pair.held.splice(0)) pair.target.write(chunk);
    }
  }

  /** Closes the targets' side of what clients have left. */
  forget(): void {
    for (const { client, target } of this.#pairs) if (client.destroyed) target.destroy();
  }

  cutAll(): void {
    for (const { client, target } of this.#pairs) {
      client.destroy();
      target.destroy();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.cutAll();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #join(client: Socket, targetPort: number): void {
    const target = connect({ port: targetPort, host: '127.0.0.1', noDelay: true });
    client.setNoDelay(true);
    const pair = { client, target, held: [] as Buffer[], holds: false };
    this.#pairs.add(pair);
    client.on('data', (chunk: Buffer) => {
      const verdict = pair.holds ? 'hold' : this.fromClient(chunk);
      if (verdict === 'pass') target.write(chunk);
      else if (verdict === 'cut') this.#cut(client, target);
      else {
        pair.holds = true;
        pair.held.push(chunk);
        if (verdict === 'leave') client.destroy();
      }
    });
    target.on('data', (chunk: Buffer) => {
      if (client.destroyed) return;
      const verdict = this.fromTarget(chunk);
      if (verdict === 'pass') client.write(chunk);
      else if (verdict === 'cut') this.#cut(client, target);
    });
    client.on('error', () => client.destroy());
    target.on('error', () => target.destroy());
    target.on('close', () => {
      client.destroy();
      this.#pairs.delete(pair);
    });
    // What is held may still be sent on: a network that lost one side knows nothing of the other.
    client.on('close', () => {
      if (!pair.holds) target.destroy();
    });
  }

  #cut(client: Socket, target: Socket): void {
    client.destroy();
    target.destroy();
  }
}
