/** What one connection may ask of the port of --http. */
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { describe, expect, test, vi } from 'vitest';
import { HANDLED_TIMEOUT_MS, type Handle, HttpPort } from '../../src/http/http-port.ts';
import { sendParts } from '../../src/http/reply.ts';
import { openTcpListener } from '../../src/server/listener.ts';
import { MAX_WORK_IN_TURN_MS, Turns } from '../../src/server/turns.ts';
import type { LogEntry } from '../support/in-process.ts';
import { RawClient } from '../support/raw-client.ts';

const REQUEST = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';

async function listen(handle: Handle) {
  const logged: LogEntry[] = [];
  const log = (event: string, fields = {}) => logged.push({ event, ...fields });
  const http = new HttpPort(openTcpListener, handle, log);
  const { port } = await http.listen(0, '127.0.0.1');
  return { port, logged, [Symbol.asyncDispose]: () => http.close() };
}

const closed = ({ socket }: RawClient) => new Promise((resolve) => socket.on('close', resolve));
const replies = ({ received }: RawClient) => received.match(/HTTP\/1\.1 200/g)?.length ?? 0;

test.each([
  ['', 'without more'],
  ['Expect: 100-continue\r\n', 'that wait for a go-ahead'],
  ['Expect: something\r\n', 'that Node would reply to itself'],
])(
  'a connection with more requests unanswered than a browser has is cut, and they are not served: %j, %s',
  async (head) => {
    let served = 0;
    await using http = await listen(async () => {
      served++;
    });
    await using client = await RawClient.connect(http.port);
    const cut = closed(client);
    await client.send(REQUEST.replace(/\r\n$/, `${head}\r\n`).repeat(2_000));
    await cut;
    expect(served).toBe(8);
    expect(http.logged).toEqual([
      expect.objectContaining({ event: 'client cut', address: '127.0.0.1' }),
    ]);
  },
);

test('one that sends a few ahead gets the replies in order, and may go on for ever', async () => {
  let served = 0;
  await using http = await listen(async (_, response) => {
    response.end(`number ${++served};`);
  });
  await using client = await RawClient.connect(http.port);
  for (let times = 1; times <= 3; times++) {
    await client.send(REQUEST.repeat(8));
    await expect.poll(() => replies(client), { interval: 5 }).toBe(times * 8);
  }
  const numbers = [...client.received.matchAll(/number (\d+);/g)].map(([, number]) => number);
  expect(numbers).toEqual(Array.from({ length: 24 }, (_, index) => String(index + 1)));
});

describe('a request with a body', () => {
  const HEAD = 'POST / HTTP/1.1\r\nHost: a\r\n';
  const served: string[] = [];
  const listenEchoing = () => {
    served.length = 0;
    return listen(async ({ method = '' }, response) => {
      served.push(method);
      response.end('the reply');
    });
  };

  test.each([
    ['of a length', 'Content-Length: 9000000\r\n', 'a'],
    ['in chunks', 'Transfer-Encoding: chunked\r\n', '5\r\nhello\r\n'],
    ['that waits for a go-ahead', 'Content-Length: 5\r\nExpect: 100-continue\r\n', ''],
  ])('%s has its reply, which is the last one of the connection', async (_, headers, body) => {
    await using http = await listenEchoing();
    await using client = await RawClient.connect(http.port);
    await client.send(`${HEAD}${headers}\r\n${body}`);
    expect(await client.untilClosed()).toMatch(
      /^HTTP\/1\.1 200 OK\r\n(?=.*^Connection: close\r$).*the reply/ms,
    );
  });

  test('is replied to behind the requests before it, and those behind it are not served', async () => {
    await using http = await listenEchoing();
    await using client = await RawClient.connect(http.port);
    const body = `${HEAD}Content-Length: 2\r\n\r\nhi`;
    await client.send(`${REQUEST}${body}${REQUEST}${body}`);
    await client.untilClosed();
    expect(replies(client)).toBe(2);
    expect(served).toEqual(['GET', 'POST']);
  });

  test('and a body that does not end is not read: the client sees the reply, and then the end', async () => {
    await using http = await listenEchoing();
    await using client = await RawClient.connect(http.port);
    const cut = closed(client);
    client.socket.on('error', () => undefined);
    client.socket.write(`${HEAD}Content-Length: 100000000000\r\n\r\n`);
    client.socket.write(Buffer.alloc(50_000_000));
    await expect.poll(() => client.received, { interval: 5 }).toContain('the reply');
    await cut;
    expect(served).toEqual(['POST']);
  });

  test.each([
    ['with none', 'GET'],
    ['with one of no bytes', 'POST'],
  ])('is not one %s', async (_, method) => {
    await using http = await listenEchoing();
    await using client = await RawClient.connect(http.port);
    const request = `${method} / HTTP/1.1\r\nHost: a\r\n${method === 'GET' ? '' : 'Content-Length: 0\r\n'}\r\n`;
    await client.send(request.repeat(2));
    await expect.poll(() => replies(client), { interval: 5 }).toBe(2);
    expect(client.received).not.toContain('close');
  });
});

test.each([
  ['empty lines', '\r\n'],
  ['bytes that are no request', 'a'],
])(
  'one that sends %s without an end is cut',
  async (_, bytes) => {
    await using http = await listen(async (_request, response) => {
      response.end();
    });
    await using client = await RawClient.connect(http.port);
    client.socket.on('error', () => undefined);
    const cut = closed(client);
    await client.send(REQUEST.repeat(2));
    await expect.poll(() => replies(client), { interval: 5 }).toBe(2);
    client.socket.write(bytes.repeat(5_000_000));
    await cut;
    expect(replies(client)).toBe(2);
  },
  10_000,
);

test('one that sends many requests, and a few empty lines before each, is not', async () => {
  await using http = await listen(async (_, response) => {
    response.end();
  });
  await using client = await RawClient.connect(http.port);
  for (let times = 1; times <= 10; times++) {
    await client.send(`${'\r\n'.repeat(2_000)}${REQUEST.repeat(8)}`);
    await expect.poll(() => replies(client), { interval: 1 }).toBe(times * 8);
  }
});

test('one that still waits for a reply does not make room for others', async () => {
  const open: ServerResponse[] = [];
  await using http = await listen(async (_, response) => {
    open.push(response);
  });
  const clients: RawClient[] = [];
  const connect = async () => {
    clients.push(await RawClient.connect(http.port));
  };
  await connect();
  const [waiting] = clients as [RawClient];
  await waiting.send(REQUEST.repeat(2));
  await expect.poll(() => open.length, { interval: 5 }).toBe(2);
  open[0]?.end();
  await expect.poll(() => replies(waiting), { interval: 5 }).toBe(1);
  while (clients.length < 128) await connect();
  const cut = closed(clients[1] as RawClient);
  await connect();
  await cut;
  open[1]?.end();
  await expect.poll(() => replies(waiting), { interval: 5 }).toBe(2);
  for (const client of clients) await client[Symbol.asyncDispose]();
});

describe('a client that is gone', () => {
  /** Replies of which nobody reads the end, and how many have begun and ended. */
  function longReplies(before: (request: IncomingMessage) => Promise<unknown>) {
    const counts = { begun: 0, ended: 0 };
    const handle: Handle = async (request, response, { gone }) => {
      counts.begun++;
      try {
        await before(request);
        const parts = Array<string>(200).fill('a'.repeat(100_000)).values();
        await sendParts(request, response, 'text/plain', parts, new Turns(), gone);
      } finally {
        counts.ended++;
      }
    };
    return { counts, handle };
  }

  test.each([
    ['under way', async () => undefined],
    ['not begun', ({ socket }: IncomingMessage) => once(socket, 'close')],
  ])('ends its replies, those that are %s', async (_, before) => {
    const { counts, handle } = longReplies(before);
    await using http = await listen(handle);
    await using client = await RawClient.connect(http.port);
    client.socket.pause();
    await client.send(REQUEST.repeat(8));
    await expect.poll(() => counts.begun, { interval: 5 }).toBe(8);
    expect(counts.ended).toBe(0);
    client.socket.resetAndDestroy();
    await expect.poll(() => counts.ended, { interval: 5 }).toBe(8);
    expect(http.logged).toEqual([]);
  });

  test('keeps no stop waiting for long: what hangs is given up, and in the log', async () => {
    const begun = Promise.withResolvers<void>();
    const http = await listen(() => {
      begun.resolve();
      return new Promise(() => undefined);
    });
    await using client = await RawClient.connect(http.port);
    await client.send(REQUEST);
    await begun.promise;
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    try {
      const stopped = http[Symbol.asyncDispose]();
      vi.advanceTimersByTime(HANDLED_TIMEOUT_MS);
      await stopped;
    } finally {
      vi.useRealTimers();
    }
    expect(http.logged).toEqual([expect.objectContaining({ event: 'requests given up' })]);
  });
});

test('one that waits out a wrong password makes room, and who comes meanwhile is served', async () => {
  let pausing = 0;
  const told = Promise.withResolvers<void>();
  await using http = await listen(async ({ url }, response, { pauses }) => {
    if (url === '/guess') {
      pauses();
      pausing++;
      await told.promise;
    }
    response.end();
  });
  await using waiting = await RawClient.connect(http.port);
  const guessers: RawClient[] = [];
  const guess = async () => {
    const client = await RawClient.connect(http.port);
    client.socket.on('error', () => undefined);
    guessers.push(client);
    // Those of one connection: that the first is answered does not make the others wait less.
    await client.send(REQUEST.replace('/', '/guess').repeat(2));
  };
  while (guessers.length < 127) await guess();
  await expect.poll(() => pausing, { interval: 5 }).toBe(2 * 127);
  const [first, second] = guessers as [RawClient, RawClient];
  const cut = closed(first);
  await using health = await RawClient.connect(http.port);
  await cut;
  const cutToo = closed(second);
  await guess();
  await cutToo;
  // The one that had asked nothing for longer than all others has its place still.
  for (const client of [waiting, health]) {
    await client.send(REQUEST);
    await expect.poll(() => replies(client), { interval: 5 }).toBe(1);
  }
  told.resolve();
  await expect.poll(() => replies(guessers[2] as RawClient), { interval: 5 }).toBe(2);
  for (const client of guessers) await client[Symbol.asyncDispose]();
});

test('of long replies, however many, so much is made in a turn of the event loop as of any other work', async () => {
  const turns = new Turns();
  let made = 0;
  function* parts() {
    for (let part = 0; part < 3; part++) {
      const end = performance.now() + MAX_WORK_IN_TURN_MS / 4;
      while (performance.now() < end);
      made++;
      yield 'part;';
    }
  }
  let asked = 0;
  const allAsked = Promise.withResolvers<void>();
  await using http = await listen(async (request, response, { gone }) => {
    if (++asked === 20) allAsked.resolve();
    await allAsked.promise;
    await sendParts(request, response, 'text/plain', parts(), turns, gone);
  });
  const clients = await Promise.all(Array.from({ length: 20 }, () => RawClient.connect(http.port)));
  for (const client of clients) void client.send(REQUEST);
  await allAsked.promise;
  let before = 0;
  let most = 0;
  while (made < 3 * clients.length) {
    await new Promise((resolve) => setImmediate(resolve));
    most = Math.max(most, made - before);
    before = made;
  }
  expect(most).toBeLessThanOrEqual(4);
  for (const client of clients) {
    await expect.poll(() => client.received, { interval: 5 }).toContain('\r\n0\r\n');
    expect(client.received.match(/part;/g)).toHaveLength(3);
    await client[Symbol.asyncDispose]();
  }
});
