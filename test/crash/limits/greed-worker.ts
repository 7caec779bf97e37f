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
for (const [number, socket] of sockets.entries()) {
  const own = (text: string) => text.replaceAll('$', String(number));
  socket.write(own(greed.first));
  if (greed.waits) askAgainAndAgain(socket, own(greed.again));
  else sendWithoutEnd(socket, Buffer.from(own(greed.again), 'latin1'));
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
function sendWithoutEnd(socket: Socket, again: Buffer): void {
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
function askAgainAndAgain(socket: Socket, again: string): void {
  const marked = Buffer.from(`${again}PING\n`, 'latin1');
  let round = 0;
  let tail = '';
  const ask = () => {
    const isNumbered = again.includes('#');
    socket.write(isNumbered ? marked.toString('latin1').replaceAll('#', String(round++)) : marked);
  };
  socket.on('data', (chunk) => {
    received += chunk.length;
    tail = (tail + chunk.toString('latin1', Math.max(0, chunk.length - 8))).slice(-8);
    if (tail.endsWith('+PONG\r\n') && !stopping) {
      tail = '';
      ask();
    }
  });
  ask();
}
