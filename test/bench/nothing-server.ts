/**
 * A plain Node server that decodes and checks requests with `inv`'s own code, and answers each with
 * as many bytes as `inv` would, without anything in between: no stock, no order, no disk. With `--ok`
 * it does not even check the requests, answers only OK, and reads as `inv` does: what moving the
 * bytes costs.
 */
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { encode, OK, type Reply } from '../../src/protocol/encoder.ts';
import { ErrorReply } from '../../src/protocol/error-codes.ts';
import { MAX_COMMAND_BYTES } from '../../src/protocol/limits.ts';
import { RequestDecoder } from '../../src/protocol/request-decoder.ts';
import { ACCEPT_OPTIONS, readThrough } from '../../src/server/read-buffer.ts';
import { parse } from '../../src/verbs/index.ts';
import { PURCHASE, type PurchaseCommand } from '../../src/verbs/purchase.ts';

const AVAILABLE = 899_999_999;

function answer(words: readonly string[]): Reply {
  const command = parse(words);
  if (command instanceof ErrorReply) return command;
  if (command.verb !== PURCHASE) return OK;
  const { lines, order } = command as PurchaseCommand;
  const bought = lines.map(({ upc, qty }) => ({ upc, qty, available: AVAILABLE }));
  return { order, at: Date.now(), replayed: false, lines: bought };
}

const onlyOk = process.argv.includes('--ok');
const reply = onlyOk ? () => OK : answer;
const options = onlyOk ? ACCEPT_OPTIONS : {};
const read = onlyOk ? readThrough : readAsUsual;

function readAsUsual(socket: Socket, receive: (chunk: Buffer) => void): Socket {
  return socket.on('data', receive);
}

const server = createServer({ ...options, noDelay: true }, (accepted) => {
  const decoder = new RequestDecoder();
  const socket = read(accepted, (chunk) => {
    decoder.push(chunk);
    let output = '';
    for (;;) {
      const words = decoder.next(MAX_COMMAND_BYTES);
      if (words === null) break;
      output += encode(reply(words), 2);
    }
    if (output !== '') socket.write(output, 'latin1');
  });
  socket.on('error', () => socket.destroy());
});

server.listen(0, '127.0.0.1', () => {
  console.log(`listening on 127.0.0.1:${(server.address() as AddressInfo).port}`);
});
process.on('SIGTERM', () => process.exit());
