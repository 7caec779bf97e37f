/**
 * The ceiling: a server that reads and checks requests as `inv` does, and answers each with as many
 * bytes as `inv` would, without anything in between: no stock, no order, no disk. With `--ok` it
 * does not even check the requests, and answers only OK: what moving the bytes costs.
 */
import { type AddressInfo, createServer } from 'node:net';
import { ErrorReply } from '../../src/protocol/errors.ts';
import { MAX_COMMAND_BYTES } from '../../src/protocol/limits.ts';
import { RequestDecoder } from '../../src/protocol/request-decoder.ts';
import { encode, OK, type Reply } from '../../src/protocol/resp.ts';
import { parseCommand } from '../../src/protocol/verbs.ts';

const AVAILABLE = 899_999_999;

function answer(words: readonly string[]): Reply {
  const command = parseCommand(words);
  if (command instanceof ErrorReply) return command;
  if (command.verb !== 'PURCHASE') return OK;
  const lines = command.lines.map(({ upc, qty }) => ({ upc, qty, available: AVAILABLE }));
  return { order: command.order, at: Date.now(), replayed: false, lines };
}

const reply = process.argv.includes('--ok') ? () => OK : answer;

const server = createServer({ noDelay: true }, (socket) => {
  const decoder = new RequestDecoder();
  socket.on('data', (chunk) => {
    decoder.push(chunk as Buffer);
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
