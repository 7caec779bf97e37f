import { once } from 'node:events';
import { type AddressInfo, connect, createServer, Socket } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { ACCEPT_OPTIONS, readThrough } from '../../src/server/read-buffer.ts';

/** A server that reads all sockets through the buffer, and the chunks that it received. */
async function open() {
  const sockets: Socket[] = [];
  const chunks: Buffer[] = [];
  const received = Promise.withResolvers<void>();
  const server = createServer(ACCEPT_OPTIONS, (accepted) => {
    const socket = readThrough(accepted, (chunk) => {
      chunks.push(chunk);
      socket.write(`${chunk}!`);
      received.resolve();
    });
    sockets.push(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const client = connect((server.address() as AddressInfo).port, '127.0.0.1');
  onTestFinished(() => {
    client.destroy();
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return { server, client, sockets, chunks, received: received.promise };
}

test('one buffer takes the bytes of all sockets', async () => {
  const one = await open();
  const other = await open();
  one.client.write('one');
  other.client.write('two');
  expect(String(await once(one.client, 'data'))).toBe('one!');
  expect(String(await once(other.client, 'data'))).toBe('two!');
  expect(one.chunks[0]?.buffer).toBe(other.chunks[0]?.buffer);
});

test('the server does not count the socket that was replaced', async () => {
  const { server, client } = await open();
  client.write('one');
  expect(String(await once(client, 'data'))).toBe('one!');
  server.close();
  // While the connection is still open: it is the caller's.
  await once(server, 'close');
  client.write('two');
  expect(String(await once(client, 'data'))).toBe('two!');
});

test('a client that ends its side still gets the reply', async () => {
  const { client, sockets, received } = await open();
  let reply = '';
  client.on('data', (chunk) => {
    reply += chunk;
  });
  client.end('one');
  await received;
  const [socket] = sockets as [Socket];
  if (!socket.readableEnded) await once(socket, 'end');
  socket.end('bye');
  await once(client, 'close');
  expect(reply).toBe('one!bye');
});

test('a socket without a handle is read as usual', async () => {
  const accepted = new Socket();
  accepted.pause();
  const chunks: string[] = [];
  const socket = readThrough(accepted, (chunk) => chunks.push(String(chunk)));
  expect(socket).toBe(accepted);
  accepted.push('one');
  await once(accepted, 'data');
  expect(chunks).toEqual(['one']);
});
