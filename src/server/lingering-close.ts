/**
 * Lingering close: half-closes, then discards input until the client closes too. Closing a socket with
 * unread input makes the kernel send RST, which can destroy replies in flight.
 */
import type { Socket } from 'node:net';

/** How long the server waits, after the last reply, for a client that does nothing to close its side. */
export const LINGER_MS = 2_000;

/** Ends `socket`, whose last reply is written. The client has LINGER_MS between two parts that it reads of what is in flight. */
export function closeLingering(socket: Socket): void {
  // Nothing that the client sends shall count as reading.
  socket.pause();
  socket.setTimeout(LINGER_MS);
  socket.end(() => {
    socket.setTimeout(0);
    discardInput(socket);
  });
}

/** Waits for a client, to whom everything is said, to close its side; but not for ever, whatever it sends. */
export function discardInput(socket: Socket): void {
  socket.resume();
  const timer = setTimeout(() => socket.destroy(), LINGER_MS);
  socket.on('close', () => clearTimeout(timer));
}
