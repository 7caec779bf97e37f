/** Servers for the tests of the client: one that says what a test wants, a real one, and a bad line to one. */
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';
import type { Address } from '../../../src/client/address.ts';
import type { Item } from '../../../src/inventory/catalog.ts';
import { encode, type Reply } from '../../../src/protocol/encoder.ts';
import { RequestDecoder } from '../../../src/protocol/request-decoder.ts';
import { TemporaryFolder } from '../../support/folder.ts';
import { startServer } from '../../support/in-process.ts';

/** A directory that is gone after the test. */
export function temporary(): string {
  const folder = new TemporaryFolder();
  onTestFinished(() => folder[Symbol.dispose]());
  return folder.path;
}

async function listen(
  onSocket: (socket: Socket) => void,
): Promise<{ server: Server; sockets: Set<Socket> }> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => undefined);
    onSocket(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return { server, sockets };
}

function addressOf(server: Server): Address {
  return { host: '127.0.0.1', port: (server.address() as AddressInfo).port };
}

/** Cuts the connection instead of answering. */
export const CUT = Symbol('cut');
/** Does not answer. */
export const SILENCE = Symbol('silence');
/** Bytes that are no reply of ours. */
export class Raw {
  readonly bytes: string;
  constructor(bytes: string) {
    this.bytes = bytes;
  }
}

export type Answer = Reply | typeof CUT | typeof SILENCE | Raw;

export interface FakeServer {
  readonly address: Address;
  /** Every command that came, on all connections. */
  readonly commands: string[][];
}

/**
 * Answers each command as `answer` says; HELLO is answered already unless `answer` does, with
 * `identity` in it.
 */
export async function fakeServer(
  answer: (words: string[]) => Answer | undefined | Promise<Answer | undefined>,
  identity: { readonly shop?: string; readonly shop_since?: number } = {},
): Promise<FakeServer> {
  const commands: string[][] = [];
  const { server } = await listen((socket) => {
    const decoder = new RequestDecoder();
    let turn = Promise.resolve();
    socket.on('data', (chunk: Buffer) => {
      decoder.push(chunk);
      for (let words = decoder.next(65_536); words !== null; words = decoder.next(65_536)) {
        const command = words;
        commands.push(command);
        turn = turn.then(async () => {
          const reply =
            (await answer(command)) ??
            (command[0] === 'HELLO' ? { server: 'inv', ...identity } : undefined);
          if (reply === undefined) throw new Error(`no answer to ${command.join(' ')}`);
          if (reply === CUT) socket.destroy();
          else if (reply instanceof Raw) socket.write(reply.bytes, 'latin1');
          else if (reply !== SILENCE) socket.write(encode(reply, 3), 'latin1');
        });
      }
    });
  });
  return { address: addressOf(server), commands };
}

/** The inventory server itself, in this process. */
export async function realServer(catalog?: readonly Item[]): Promise<Address> {
  const server = await startServer(catalog === undefined ? {} : { catalog });
  onTestFinished(() => server[Symbol.asyncDispose]());
  return { host: '127.0.0.1', port: server.port };
}

export interface BadLine {
  readonly address: Address;
  /** Where new connections lead. */
  target: Address;
  /** Cuts each connection at the reply to the next command of this verb; the command arrives. */
  cutReplyTo: string | null;
  /** Cuts each connection before a command of this verb arrives. */
  cutBefore: string | null;
  /** Holds the next command of this verb back until this is done, once. */
  before: { readonly verb: string; readonly work: () => Promise<unknown> } | null;
  /** Cuts all connections that there are. */
  cut(): void;
}

/** A way to a server on which answers get lost. */
export async function badLine(target: Address = { host: '127.0.0.1', port: 1 }): Promise<BadLine> {
  const { server, sockets } = await listen((socket) => {
    const upstream = connect(line.target);
    let cutting = false;
    const cut = (): void => {
      socket.destroy();
      upstream.destroy();
    };
    upstream.on('error', cut);
    socket.on('close', cut);
    upstream.on('close', cut);
    socket.on('data', (chunk: Buffer) => {
      const names = (verb: string | null): boolean =>
        verb !== null && chunk.includes(`\r\n${verb}\r\n`);
      if (names(line.cutBefore)) return cut();
      cutting ||= names(line.cutReplyTo);
      const { before } = line;
      if (before === null || !names(before.verb)) return upstream.write(chunk);
      line.before = null;
      void before.work().finally(() => upstream.write(chunk));
    });
    upstream.on('data', (chunk: Buffer) => {
      if (cutting) cut();
      else socket.write(chunk);
    });
  });
  const line: BadLine = {
    address: addressOf(server),
    target,
    cutReplyTo: null,
    cutBefore: null,
    before: null,
    cut: () => {
      for (const socket of sockets) socket.destroy();
    },
  };
  return line;
}
