/**
 * Stands between the shop and the server, sees every request, and cuts the connection exactly where
 * it hurts. It is the witness to what was sent: the shop's exit codes are judged by what it saw.
 */
import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { encodeCommand } from '../../../src/protocol/encoder.ts';
import { MAX_COMMAND_BYTES } from '../../../src/protocol/limits.ts';
import { ReplyDecoder } from '../../../src/protocol/reply-decoder.ts';
import { RequestDecoder } from '../../../src/protocol/request-decoder.ts';

/** Where a connection is cut. Each plan works once, on the first connection that gets there. */
export type Cut =
  /** When the client has connected. */
  | 'connect'
  /** When it attaches to its login. */
  | 'resume'
  /** When it has sent an order, which the server does not get. */
  | 'request'
  /** When the server got the order, and perhaps settles it. */
  | 'way'
  /** When the server has answered; nothing of the answer gets through. */
  | 'reply'
  /** The same, but all of the answer gets through except its end. */
  | 'inReply';

export class CuttingProxy {
  readonly port: number;
  /** The server's port. */
  upstream: number;
  /** What clients have sent: ids of purchases, holds and returns; `CONFIRM` and the id of a hold. */
  readonly seen = new Set<string>();
  cut: Cut | null = null;
  /** Called when an order has been passed on, and when an answer to one has. */
  onRequest: () => void = () => undefined;
  onReply: () => void = () => undefined;
  #tcp: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(tcp: Server, port: number, upstream: number) {
    this.#tcp = tcp;
    this.port = port;
    this.upstream = upstream;
    tcp.on('connection', (client) => this.#pass(client));
  }

  static async start(upstream: number): Promise<CuttingProxy> {
    const tcp = createServer().listen(0, '127.0.0.1');
    await once(tcp, 'listening');
    return new CuttingProxy(tcp, (tcp.address() as { port: number }).port, upstream);
  }

  /** Nobody can connect any more. */
  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#tcp.close();
    await once(this.#tcp, 'close');
  }

  /** On the same port as before: for the client it is the same server. */
  async startAgain(): Promise<void> {
    this.#tcp = createServer((client) => this.#pass(client)).listen(this.port, '127.0.0.1');
    await once(this.#tcp, 'listening');
  }

  #takes(cut: Cut): boolean {
    if (this.cut !== cut) return false;
    this.cut = null;
    return true;
  }

  #pass(client: Socket): void {
    if (this.#takes('connect')) {
      client.destroy();
      return;
    }
    const server = connect(this.upstream, '127.0.0.1');
    const both = [client, server];
    const end = () => {
      for (const socket of both) socket.destroy();
    };
    for (const socket of both) {
      this.#sockets.add(socket);
      socket.setNoDelay(true);
      socket.on('error', () => socket.destroy());
      socket.on('close', () => this.#sockets.delete(socket));
    }
    client.on('close', end);
    // Not cut: what the client sends before it hears that the server is gone is sent, and is to be seen.
    server.on('close', () => client.end());
    /** How many replies come before the one to the latest order, that one included. */
    let repliesToOrder = 0;
    let forwarded = 0;

    const requests = new RequestDecoder();
    client.on('data', (chunk: Buffer) => {
      requests.push(chunk);
      for (
        let words = requests.next(MAX_COMMAND_BYTES);
        words;
        words = requests.next(MAX_COMMAND_BYTES)
      ) {
        const sent = sentBy(words);
        const isOrder = sent !== null;
        if (isOrder) this.seen.add(sent);
        if (words[0] === 'RESUME' && this.#takes('resume')) return end();
        if (isOrder && this.#takes('request')) return end();
        if (server.destroyed) continue;
        server.write(encodeCommand(words), 'latin1');
        forwarded++;
        if (!isOrder) continue;
        repliesToOrder = forwarded;
        this.onRequest();
        // Ended properly towards the server, which then has got all of it.
        if (this.#takes('way')) {
          server.end();
          return client.destroy();
        }
      }
    });

    const replies = new ReplyDecoder();
    let answered = 0;
    server.on('data', (chunk: Buffer) => {
      replies.push(chunk);
      while (replies.next() !== undefined) answered++;
      const isReply = repliesToOrder > 0 && answered >= repliesToOrder;
      if (isReply && this.#takes('reply')) return end();
      if (isReply && this.#takes('inReply')) {
        client.end(chunk.subarray(0, chunk.length - 3));
        return;
      }
      client.write(chunk);
      if (!isReply) return;
      repliesToOrder = 0;
      this.onReply();
    });
  }
}

/** What a request sends, as `seen` names it; null for a request that orders nothing. */
function sentBy(words: readonly string[]): string | null {
  const [verb = '', id = ''] = words;
  if (verb === 'CONFIRM') return `CONFIRM ${id}`;
  return ['PURCHASE', 'HOLD', 'RETURN'].includes(verb) ? (words.at(-1) as string) : null;
}
