import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { expect, test } from 'vitest';
import { PIECE_BYTES, SmallPieces } from '../../src/http/small-pieces.ts';
import { RawClient } from '../support/raw-client.ts';

/** A client, and the other end of its connection in pieces. */
async function connect() {
  const server = createServer({ allowHalfOpen: true }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  const [client, [socket]] = await Promise.all([
    RawClient.connect(port),
    once(server, 'connection') as Promise<[Socket]>,
  ]);
  const pieces = new SmallPieces(socket);
  return {
    client,
    pieces,
    [Symbol.asyncDispose]: async () => {
      await client[Symbol.asyncDispose]();
      pieces.destroy();
      server.close();
    },
  };
}

const BYTES = Buffer.from(Array.from({ length: 100_000 }, (_, index) => index % 251));

test('all that comes is passed on, a small piece at a time, and all that is written leaves', async () => {
  await using both = await connect();
  const { client, pieces } = both;
  const come: Buffer[] = [];
  pieces.on('data', (piece) => come.push(piece));
  const all = once(pieces, 'end');
  client.end(BYTES);
  await all;
  expect(Buffer.concat(come).equals(BYTES)).toBe(true);
  expect(Math.max(...come.map(({ length }) => length))).toBe(PIECE_BYTES);
  expect(pieces.remoteAddress).toBe('127.0.0.1');
  pieces.cork();
  pieces.write('HTTP/1.1');
  pieces.write(' 200');
  pieces.uncork();
  pieces.end('\r\n');
  expect(await client.untilClosed()).toBe('HTTP/1.1 200\r\n');
});

test('of what came at once, no more is passed on when the connection is cut', async () => {
  await using both = await connect();
  const { client, pieces } = both;
  let passed = 0;
  pieces.on('data', ({ length }) => {
    passed += length;
    if (passed >= 2 * PIECE_BYTES) pieces.destroy();
  });
  pieces.on('error', () => undefined);
  const closed = new Promise((resolve) => client.socket.on('close', resolve));
  await client.send(BYTES);
  await closed;
  // One may stand ready.
  expect(passed).toBeLessThanOrEqual(3 * PIECE_BYTES);
});
