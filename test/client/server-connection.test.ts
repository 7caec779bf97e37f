import { readFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { expect, onTestFinished, test, vi } from 'vitest';
import { ConnectionLost, NoServer, Refused } from '../../src/client/errors.ts';
import { ServerConnection } from '../../src/client/server-connection.ts';
import { ErrorReply } from '../../src/protocol/error-codes.ts';
import { ReplyDecoder } from '../../src/protocol/reply-decoder.ts';
import { type Answer, CUT, fakeServer, Raw, SILENCE } from '../shop/support/servers.ts';

const TIMEOUTS = { connectMs: 1_000, replyMs: 1_000 };

test('replies come in the order of their requests, however many wait', async () => {
  const { address } = await fakeServer(([word]) => word ?? '');
  const connection = await ServerConnection.open(address, TIMEOUTS);
  const words = Array.from({ length: 1_000 }, (_, index) => `w${index}`);
  expect(await Promise.all(words.map((word) => connection.send([word])))).toEqual(words);
  connection.close();
});

test('an error reply is a refusal, and the next reply is the next request’s', async () => {
  const { address } = await fakeServer(([word]) =>
    word === 'bad' ? new ErrorReply('NOSTOCK', 'no \u00c3\u00a4 \u001b[31m') : 'fine',
  );
  const connection = await ServerConnection.open(address, TIMEOUTS);
  const [bad, good] = await Promise.allSettled([
    connection.send(['bad']),
    connection.send(['good']),
  ]);
  expect(bad).toMatchObject({ reason: { code: 'NOSTOCK', message: 'no ä \ufffd[31m' } });
  expect((bad as PromiseRejectedResult).reason).toBeInstanceOf(Refused);
  expect(good).toMatchObject({ value: 'fine' });
  connection.close();
});

test('a push is no reply', async () => {
  const { address } = await fakeServer(([word]) =>
    word === 'first' ? new Raw('>2\r\n+message\r\n:1\r\n+one\r\n>0\r\n') : 'two',
  );
  const connection = await ServerConnection.open(address, TIMEOUTS);
  expect(await connection.send(['first'])).toBe('one');
  expect(await connection.send(['second'])).toBe('two');
  connection.close();
});

test('a word that cannot be sent fails alone: the other replies are those of their requests', async () => {
  const { address } = await fakeServer(([word]) => word ?? '');
  const connection = await ServerConnection.open(address, TIMEOUTS);
  const [first, second] = await Promise.allSettled([
    connection.send(['first', undefined as unknown as string]),
    connection.send(['second']),
  ]);
  expect(first).toMatchObject({ reason: expect.any(TypeError) });
  expect(second).toMatchObject({ value: 'second' });
  connection.close();
});

test('texts travel as UTF-8', async () => {
  const { address, commands } = await fakeServer(() => 'ok');
  const connection = await ServerConnection.open(address, TIMEOUTS);
  await connection.send(['LOGIN', 'zoë', '密码']);
  expect(commands[0]?.map((word) => Buffer.from(word, 'latin1').toString())).toEqual([
    'LOGIN',
    'zoë',
    '密码',
  ]);
  connection.close();
});

test('nobody there is NoServer, with the reason', async () => {
  const closed = createServer();
  await new Promise<void>((resolve) => closed.listen(0, '127.0.0.1', resolve));
  const { port } = closed.address() as { port: number };
  await new Promise((resolve) => closed.close(resolve));
  for (const host of ['127.0.0.1', 'localhost']) {
    const opening = ServerConnection.open({ host, port }, TIMEOUTS);
    await expect(opening).rejects.toThrow(
      new NoServer(`no server at ${host}:${port}: connection refused`),
    );
  }
});

test('localhost finds a server that listens on 127.0.0.1 only', async () => {
  const { address } = await fakeServer(() => 'here');
  const connection = await ServerConnection.open(
    { host: 'localhost', port: address.port },
    TIMEOUTS,
  );
  expect(await connection.send(['PING'])).toBe('here');
  connection.close();
});

test.each<[string, Answer, RegExp]>([
  ['cuts', CUT, /closed|cut/],
  ['answers with something else', new Raw('HTTP/1.1 400 Bad Request\r\n\r\n'), /malformed reply/],
  ['is silent', SILENCE, /it sent nothing for 0.1 s/],
])('a server that %s loses every request that waits', async (_name, answer, reason) => {
  const { address } = await fakeServer(([word]) => (word === 'first' ? 'fine' : answer));
  const connection = await ServerConnection.open(address, { connectMs: 1_000, replyMs: 100 });
  expect(await connection.send(['first'])).toBe('fine');
  const lost = await Promise.allSettled([connection.send(['a']), connection.send(['b'])]);
  for (const one of lost) {
    const error = (one as PromiseRejectedResult).reason;
    expect(error).toBeInstanceOf(ConnectionLost);
    expect(error).toMatchObject({ sent: true, message: expect.stringMatching(reason) });
  }
  expect(connection.isOpen).toBe(false);
  await expect(connection.send(['c'])).rejects.toMatchObject({ sent: false });
});

test('a connection on which nothing is asked is not cut, however long it is idle', async () => {
  const confirmation = new Raw('>3\r\n+subscribe\r\n+stock\r\n:1\r\n');
  const { address } = await fakeServer(([word]) => (word === 'SUBSCRIBE' ? confirmation : 'fine'));
  const afterReply = await ServerConnection.open(address, TIMEOUTS);
  const afterPush = await ServerConnection.open(address, TIMEOUTS);
  const neverAsked = await ServerConnection.open(address, TIMEOUTS);
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  onTestFinished(() => void vi.useRealTimers());
  const silent = await fakeServer(() => SILENCE);
  const asking = await ServerConnection.open(silent.address, TIMEOUTS);
  expect(await afterReply.send(['a'])).toBe('fine');
  expect(await afterPush.send(['SUBSCRIBE', 'stock'], 1)).toBeNull();
  const unanswered = asking.send(['a']);
  vi.advanceTimersByTime(60_000);
  // One that asked and is not answered shows that the time was over for all of them.
  await expect(unanswered).rejects.toThrow(/it sent nothing for 1 s/);
  for (const idle of [afterReply, afterPush, neverAsked]) {
    expect(idle.isOpen).toBe(true);
    expect(await idle.send(['b'])).toBe('fine');
    idle.close();
  }
});

test('a reply that nobody asked for ends the connection', async () => {
  const { address } = await fakeServer(() => new Raw('+one\r\n+two\r\n'));
  const connection = await ServerConnection.open(address, TIMEOUTS);
  expect(await connection.send(['a'])).toBe('one');
  expect(connection.isOpen).toBe(false);
});

test.runIf(process.platform === 'linux')(
  'the system probes a connection that is idle',
  async () => {
    const { address } = await fakeServer(() => 'fine');
    const connection = await ServerConnection.open(address, TIMEOUTS);
    await connection.send(['a']);
    // Timer 2 of a line of the kernel's table is the keepalive timer.
    const remote = `:${address.port.toString(16).toUpperCase().padStart(4, '0')}`;
    const lines = readFileSync('/proc/net/tcp', 'utf8')
      .split('\n')
      .map((line) => line.trim().split(/\s+/));
    const [found] = lines.filter(([, , to, state]) => to?.endsWith(remote) && state === '01');
    expect(found?.[5]).toMatch(/^02:/);
    connection.close();
  },
);

/** A server that sends pieces, each of which has arrived when `send` returns, and a clock that the test sets. */
async function slowServer() {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
  let arrived: () => void = () => undefined;
  const { push } = ReplyDecoder.prototype;
  vi.spyOn(ReplyDecoder.prototype, 'push').mockImplementation(function (
    this: ReplyDecoder,
    chunk: Buffer,
  ) {
    arrived();
    push.call(this, chunk);
  });
  const peer = Promise.withResolvers<Socket>();
  const server = createServer(peer.resolve);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const connection = await ServerConnection.open({ host: '127.0.0.1', port }, TIMEOUTS);
  const socket = await peer.promise;
  onTestFinished(() => {
    connection.close();
    socket.destroy();
    server.close();
    vi.restoreAllMocks();
    vi.useRealTimers();
  });
  const send = async (piece: string) => {
    const arrival = new Promise<void>((resolve) => {
      arrived = resolve;
    });
    socket.write(piece);
    await arrival;
  };
  return { connection, send };
}

test('a reply may take longer than the time-out as long as bytes of it come', async () => {
  const { connection, send } = await slowServer();
  const reply = connection.send(['INVENTORY']);
  for (const piece of ['$1', '0\r\n', '01234', '56', '789']) {
    await send(piece);
    vi.advanceTimersByTime(900);
  }
  await send('\r\n');
  expect(await reply).toBe('0123456789');
});

test('a reply of which nothing more comes is lost', async () => {
  const { connection, send } = await slowServer();
  const reply = connection.send(['INVENTORY']);
  await send('$10\r\n0123');
  vi.advanceTimersByTime(1_001);
  await expect(reply).rejects.toEqual(
    new ConnectionLost('nothing more of its reply came for 1 s', true),
  );
});

test('one that drips without an end is lost in the end', async () => {
  const { connection, send } = await slowServer();
  const reply = connection.send(['INVENTORY']);
  reply.catch(() => undefined);
  for (let count = 0; count < 15 && connection.isOpen; count++) {
    await send(count === 0 ? '$100\r\n' : 'x');
    vi.advanceTimersByTime(900);
  }
  await expect(reply).rejects.toEqual(
    new ConnectionLost('its reply was not whole after 10 s', true),
  );
});
