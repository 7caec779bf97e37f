/**
 * The limits of a connection, from both sides. The numbers are smaller here than in limits.ts, so
 * that crossing them is quick; `npm run crash:hostile` crosses the real ones.
 */
import { connect, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { LINGER_MS } from '../../../src/server/lingering-close.ts';
import { MAX_WAITING_LOGINS_OF_USER, Passwords } from '../../../src/server/passwords.ts';
import { startServer, type TestServer } from '../../support/in-process.ts';
import { demonstrationUsers } from '../../support/users.ts';

const MAX_CONNECTIONS = 6;
const UNREAD_OUTPUT_TIMEOUT_MS = 700;
const LOGIN_TIMEOUT_MS = 1_500;

vi.mock('../../../src/protocol/limits.ts', async (importOriginal) => ({
  ...(await importOriginal<object>()),
  MAX_CONNECTIONS: 6,
  LOGIN_TIMEOUT_MS: 1_500,
  UNREAD_OUTPUT_TIMEOUT_MS: 700,
}));

let server: TestServer;

beforeEach(async () => {
  server = await startServer();
});

afterEach(async () => {
  await server[Symbol.asyncDispose]();
});

function opened(): Promise<Socket> {
  return new Promise((resolve) => {
    const socket = connect(server.port, '127.0.0.1', () => resolve(socket));
    socket.on('error', () => undefined);
  });
}

function answerTo(socket: Socket, request: string): Promise<string> {
  return new Promise((resolve) => {
    socket.once('data', (chunk) => resolve(chunk.toString('latin1')));
    if (request !== '') socket.write(request);
  });
}

/** How long after now the socket is closed. */
async function closedAfter(socket: Socket): Promise<number> {
  const started = performance.now();
  if (!socket.closed) await new Promise<void>((resolve) => socket.on('close', () => resolve()));
  return performance.now() - started;
}

describe('connections', () => {
  test('as many as are allowed are served, the next is told BUSY, and a place is free again', async () => {
    const sockets: Socket[] = [];
    for (let count = 0; count < MAX_CONNECTIONS; count++) {
      const socket = await opened();
      expect(await answerTo(socket, 'PING\r\n')).toBe('+PONG\r\n');
      sockets.push(socket);
    }
    const refused = await opened();
    expect(await answerTo(refused, '')).toMatch(/^-BUSY /);
    await closedAfter(refused);

    const gone = sockets.pop() as Socket;
    gone.end();
    await closedAfter(gone);
    const next = await opened();
    expect(await answerTo(next, 'PING\r\n')).toBe('+PONG\r\n');
    for (const socket of [...sockets, next]) socket.destroy();
  });

  test('one that was refused is cut soon, also when it goes on talking', async () => {
    const sockets: Socket[] = [];
    for (let count = 0; count <= MAX_CONNECTIONS; count++) {
      const socket = connect({ port: server.port, host: '127.0.0.1', allowHalfOpen: true });
      socket.on('error', () => undefined);
      await new Promise((resolve) => socket.once('connect', resolve));
      sockets.push(socket.resume());
    }
    const refused = sockets.at(-1) as Socket;
    const talking = setInterval(() => refused.write('x'), 100);
    expect(await closedAfter(refused)).toBeLessThan(2 * LINGER_MS);
    clearInterval(talking);
    for (const socket of sockets) socket.destroy();
  });
});

describe('a connection that does not log in', () => {
  test('stays, and makes room after a while when others need it; one that did never does', async () => {
    const buyer = await opened();
    expect(await answerTo(buyer, 'AUTH alice wonderland\r\n')).toBe('+OK\r\n');
    const strangers: Socket[] = [];
    while (strangers.length < MAX_CONNECTIONS - 1) strangers.push((await opened()).resume());
    // So long nothing happens to them.
    await pause(LOGIN_TIMEOUT_MS + 100);
    expect(strangers.filter(({ closed }) => closed)).toEqual([]);

    // Each new one takes the place of the oldest.
    for (const oldest of [...strangers]) {
      const gone = closedAfter(oldest);
      const next = await opened();
      expect(await answerTo(next, 'PING\r\n')).toBe('+PONG\r\n');
      await gone;
      strangers.push(next);
    }
    const refused = await opened();
    expect(await answerTo(refused, '')).toMatch(/^-BUSY /);
    expect(await answerTo(buyer, 'PING\r\n')).toBe('+PONG\r\n');
    for (const socket of [buyer, refused, ...strangers]) socket.destroy();
    const events = server.logged.map(({ event }) => event);
    expect(new Set(events)).toEqual(new Set(['logged in', 'client cut', 'connection refused']));
  });
});

describe('a client that reads nothing', () => {
  /** Answers of 10 MB, more than the kernel and the server keep, to fewer requests than it reads ahead. */
  const flood = 'COMMAND DOCS\r\n'.repeat(5_000);

  test.for([
    { does: 'is silent', trickle: false },
    { does: 'sends a byte now and then', trickle: true },
  ])('and $does is cut when the time is over, and not before', async ({ trickle }) => {
    const socket = (await opened()).pause();
    socket.write(flood);
    const started = performance.now();
    // Writing is also how a paused client learns of its end.
    const writing = setInterval(() => socket.write('\n'), trickle ? 50 : 900);
    const elapsed = await closedAfter(socket);
    clearInterval(writing);
    expect(elapsed).toBeGreaterThan(UNREAD_OUTPUT_TIMEOUT_MS);
    expect(server.logged).toMatchObject([
      { event: 'client cut', why: expect.stringMatching(/^it read none/) },
    ]);
    expect(performance.now() - started).toBeLessThan(8_000);
  });

  test('and reads in time gets everything', async () => {
    const socket = await opened();
    const expected = 5_000 * (await answerTo(socket, 'COMMAND DOCS\r\n')).length;
    let received = 0;
    socket.on('data', (chunk) => {
      received += chunk.length;
    });
    socket.pause();
    socket.write(flood);
    // Reads for a moment only, again and again, each time before the server gives up.
    while (received < expected && !socket.closed) {
      await pause(UNREAD_OUTPUT_TIMEOUT_MS / 4);
      socket.resume();
      await pause(20);
      socket.pause();
    }
    expect(received).toBe(expected);
    socket.destroy();
  });
});

test('a client that was said good-bye is cut soon, also when it goes on talking', async () => {
  const socket = connect({ port: server.port, host: '127.0.0.1', allowHalfOpen: true });
  socket.on('error', () => undefined);
  expect(await answerTo(socket, 'QUIT\r\n')).toBe('+OK\r\n');
  const talking = setInterval(() => socket.write('x'), 100);
  const elapsed = await closedAfter(socket);
  clearInterval(talking);
  expect(elapsed).toBeGreaterThan(LINGER_MS / 2);
  expect(elapsed).toBeLessThan(2 * LINGER_MS);
});

describe('password checks that wait', () => {
  const wrong = { user: 'alice', password: 'rabbit hole' };
  const bob = { user: 'bob', password: 'builder' };

  test('do not stand before those of another user', async () => {
    const passwords = new Passwords(demonstrationUsers());
    const order: string[] = [];
    for (let count = 0; count < 20; count++) {
      void passwords.check(wrong, 'here').then(() => order.push('wrong'));
      void passwords
        .check({ user: `x${count}`, password: 'x' }, 'here')
        .then(() => order.push('x'));
    }
    expect(await passwords.check(bob, 'here')).not.toBeNull();
    expect(order.length).toBeLessThan(6);
    passwords.stop();
  });

  test('are refused when one user has too many from one address, and others are not', () => {
    const passwords = new Passwords(demonstrationUsers());
    let gone = false;
    for (let count = 0; count < MAX_WAITING_LOGINS_OF_USER + 2; count++) {
      expect(passwords.isFull(wrong, 'here')).toBe(false);
      void passwords.check(wrong, 'here', () => !gone);
    }
    expect(passwords.isFull(wrong, 'here')).toBe(true);
    expect(passwords.isFull(wrong, 'there')).toBe(false);
    expect(passwords.isFull(bob, 'here')).toBe(false);
    gone = true;
    passwords.stop();
  });

  test('cost nothing when their clients are gone, or the password is known by then', async () => {
    const passwords = new Passwords(demonstrationUsers());
    const started = performance.now();
    const gone = Array.from({ length: 90 }, () => passwords.check(wrong, 'here', () => false));
    const same = Array.from({ length: 90 }, () => passwords.check(bob, 'here'));
    expect(await Promise.all(same)).not.toContain(null);
    expect(new Set(await Promise.all(gone))).toEqual(new Set([null]));
    const alone = performance.now();
    await passwords.check({ user: 'carol', password: 'singer' }, 'here');
    // A few hashes, where 180 would have taken 90 times as long on two threads.
    expect(alone - started).toBeLessThan(20 * (performance.now() - alone));
  });
});
