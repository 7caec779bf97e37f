import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { expect, test } from 'vitest';
import { openTcpListener, TcpListener, whyNotListening } from '../../src/server/listener.ts';

const nothing = () => undefined;
const OPTIONS = { host: '--host', port: '--port' };

test('a connection is handed over before anything is read of it', async () => {
  const accepted = Promise.withResolvers<[Socket, Socket | null]>();
  const listener = openTcpListener((...of) => accepted.resolve(of), nothing);
  const { port } = await listener.listen(0, '127.0.0.1');
  const client = connect(port, '127.0.0.1');
  client.write('one');
  const [socket, tcp] = await accepted.promise;
  expect(tcp).toBeNull();
  const read = once(socket, 'data');
  socket.resume();
  expect(String((await read)[0])).toBe('one');
  listener.close();
  // What was handed over stays.
  socket.write('two');
  expect(String((await once(client, 'data'))[0])).toBe('two');
  client.destroy();
  socket.destroy();
});

test('a port that is taken, and an address of another machine, are told with what to do', async () => {
  const listener = new TcpListener(nothing, nothing);
  const { port } = await listener.listen(0, '127.0.0.1');
  const why = (host: string) =>
    new TcpListener(nothing, nothing)
      .listen(port, host)
      .catch((error) => whyNotListening(error, OPTIONS));
  expect(await why('127.0.0.1')).toContain('something is already listening there');
  expect(await why('192.0.2.1')).toContain('not an address of this machine');
  expect(whyNotListening(new Error('something new'), OPTIONS)).toBe('something new');
  listener.close();
});
