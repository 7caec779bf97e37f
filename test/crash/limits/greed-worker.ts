/** The thread of greed.ts. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { parentPort, workerData } from 'node:worker_threads';
import { GREED, type Greed, type GreedName } from './greed.ts';

const { port, name, connections } = workerData as {
  port: number;
  name: GreedName;
  connections: number;
};
const greed: Greed = GREED[name];
const again = Buffer.from(greed.again, 'latin1');
let received = 0;
let stopping = false;

const sockets = await Promise.all(
  Array.from({ length: connections }, async () => {
    const socket = connect(port, '127.0.0.1');
    socket.on('error', () => undefined);
    await once(socket, 'connect');
    return socket;
  }),
);
for (const socket of sockets) {
  socket.write(greed.first);
  if (greed.waits) askAgainAndAgain(socket);
  else sendWithoutEnd(socket);
}
parentPort?.postMessage('greedy');
parentPort?.on('message', (question) => {
  if (question === 'stop') {
    stopping = true;
    for (const socket of sockets) socket.destroy();
  }
  parentPort?.postMessage(received);
});

/** As fast as the server reads. */
function sendWithoutEnd(socket: Socket): void {
  socket.on('data', (chunk) => {
    received += chunk.length;
  });
  const send = () => {
    while (!stopping && !socket.destroyed && socket.write(again));
  };
  socket.on('drain', send);
  send();
}

/** One request after the other: the next when a reply seems to be whole, as nothing comes in the same turn. */
function askAgainAndAgain(socket: Socket): void {
  const marked = Buffer.concat([again, Buffer.from('PING\n')]);
  let tail = '';
  socket.on('data', (chunk) => {
    received += chunk.length;
    tail = (tail + chunk.toString('latin1', Math.max(0, chunk.length - 8))).slice(-8);
    if (tail.endsWith('+PONG\r\n') && !stopping) {
      tail = '';
      socket.write(marked);
    }
  });
  socket.write(marked);
}
