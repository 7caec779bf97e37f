/** Clients that harm, by intent or by bad luck, each kind for some time; an honest client is served meanwhile. */
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import type { ServerProcess } from '../support/server-process.ts';
import { Lost, PASSWORDS, type User, WireClient } from '../support/wire-client.ts';

export type Running = ServerProcess & { readonly port: number };

/** Clients that ask and never read are asked for 10 MB and more: the kernel alone holds 4 MB for each. */
const AUTH = `AUTH alice ${PASSWORDS.alice}\r\n`;
const FLOODS = [
  'COMMAND DOCS\r\n'.repeat(20_000),
  'INFO\r\n'.repeat(80_000),
  `${AUTH}${'INVENTORY\r\n'.repeat(80_000)}`,
  `${AUTH}${'ORDERS COUNT 1000\r\n'.repeat(20_000)}`,
  `${AUTH}${'PURCHASE 1001 1 1002 1 1003 1 ORDER deaf\r\n'.repeat(60_000)}`,
  `PING ${'x'.repeat(900)}\r\n`.repeat(20_000),
];

/** Clients that ask and never read, until the server has cut them all. */
export async function runDeaf(
  server: Running,
  count: number,
): Promise<{ cutAfterMs: [first: number, last: number]; grownBytes: number }> {
  const before = server.residentBytes;
  let mostBytes = before;
  const measuring = setInterval(() => {
    mostBytes = Math.max(mostBytes, server.residentBytes);
  }, 100);
  const started = performance.now();
  const cuts = await Promise.all(
    Array.from({ length: count }, async (_, index) => {
      const socket = connect(server.port, '127.0.0.1').pause();
      socket.write(FLOODS[index % FLOODS.length] as string);
      // Nothing is read, so the end is only seen as the reset that a write then meets.
      const nudge = setInterval(() => socket.write('PING\r\n'), 250);
      await untilClosed(socket);
      clearInterval(nudge);
      return performance.now() - started;
    }),
  );
  clearInterval(measuring);
  const cutAfterMs: [number, number] = [
    Math.round(Math.min(...cuts)),
    Math.round(Math.max(...cuts)),
  ];
  return { cutAfterMs, grownBytes: mostBytes - before };
}

/** Clients that send a byte every `ms`, and are answered all the same. Answers with what went wrong. */
export async function runSlow(port: number, count: number, ms: number): Promise<string[]> {
  const bytes = `AUTH bob ${PASSWORDS.bob}\r\n*3\r\n$8\r\nPURCHASE\r\n$4\r\n1002\r\n$1\r\n1\r\n`;
  const answers = await Promise.all(
    Array.from({ length: count }, async () => {
      const socket = connect(port, '127.0.0.1').setNoDelay(true);
      let answer = '';
      socket.on('data', (chunk) => {
        answer += chunk.toString('latin1');
      });
      for (const byte of bytes) {
        socket.write(byte);
        await pause(ms);
      }
      socket.end();
      await untilClosed(socket);
      return answer;
    }),
  );
  return answers.filter((answer) => !/^\+OK\r\n\*8\r\n\$5\r\norder\r\n/.test(answer));
}

/** Opens and closes in a loop, in each of the ways in which a client can go. Answers with how often. */
export async function runOpenClose(port: number, loops: number, ms: number): Promise<number> {
  const end = performance.now() + ms;
  let count = 0;
  const loop = async () => {
    while (performance.now() < end) {
      const socket = connect(port, '127.0.0.1');
      await once(socket, 'connect');
      switch (count++ % 4) {
        case 0:
          socket.destroy();
          break;
        case 1:
          socket.resetAndDestroy();
          break;
        case 2:
          socket.resume().end('*3\r\n$8\r\nPURCHASE\r\n$4\r\n10');
          break;
        default:
          socket.write('INVENTORY\r\nPING\r\n');
          socket.resetAndDestroy();
      }
      await untilClosed(socket);
    }
  };
  await Promise.all(Array.from({ length: loops }, loop));
  return count;
}

/** How many files and connections the server has open (Linux). */
export function openFiles(server: ServerProcess): number {
  return readdirSync(`/proc/${server.pid}/fd`).length;
}

export interface GuessingReport {
  readonly guesses: number;
  /** How long the first and the slowest wrong guess of one client waited for their answers. */
  readonly firstWaitMs: number;
  readonly longestWaitMs: number;
  /** The slowest right login meanwhile. */
  readonly slowestLoginMs: number;
}

/**
 * Guesses passwords in a loop, on `guessers` connections; `impatient` ones do not wait for the answer
 * but come again on a new connection. Meanwhile `users` log in, one after the other.
 */
export async function runGuessing(
  port: number,
  options: { guessers: number; impatient: boolean; ms: number; users: readonly User[] },
): Promise<GuessingReport> {
  const end = performance.now() + options.ms;
  const waits: number[] = [];
  let guesses = 0;
  const patient = async () => {
    const client = await WireClient.open(port);
    while (performance.now() < end) {
      const asked = performance.now();
      // Whoever is still waiting at the end is let go.
      const letGo = setTimeout(() => client.drop(), end - asked);
      await client.send('LOGIN', 'alice', `guess ${guesses++}`).finally(() => clearTimeout(letGo));
      waits.push(performance.now() - asked);
    }
    client.drop();
  };
  const impatient = async () => {
    while (performance.now() < end) {
      const socket = connect(port, '127.0.0.1');
      // The server may cut off one of so many: that is its right.
      socket.on('error', () => undefined);
      await once(socket, 'connect').catch(() => undefined);
      if (!socket.destroyed) socket.write(`LOGIN alice guess${guesses++}\r\n`);
      await pause(20);
      socket.resetAndDestroy();
    }
  };
  const guessing = Array.from({ length: options.guessers }, () =>
    (options.impatient ? impatient() : patient()).catch((error) => {
      if (!(error instanceof Lost)) throw error;
    }),
  );
  await pause(options.ms / 4);
  let slowestLoginMs = 0;
  for (const user of options.users) {
    const asked = performance.now();
    (await WireClient.login(port, user)).drop();
    slowestLoginMs = Math.max(slowestLoginMs, performance.now() - asked);
  }
  await Promise.all(guessing);
  return {
    guesses,
    firstWaitMs: Math.round(waits[0] ?? 0),
    longestWaitMs: Math.round(Math.max(0, ...waits)),
    slowestLoginMs: Math.round(slowestLoginMs),
  };
}

/** However it ends: a reset is no fault here. */
async function untilClosed(socket: Socket): Promise<void> {
  if (socket.closed) return;
  await new Promise<void>((resolve) => {
    socket.on('error', () => undefined);
    socket.on('close', () => resolve());
  });
}
