/**
 * One buffer into which all connections are read in turn. Node would make a new one of 64 KB for every
 * chunk it reads: a tenth of the time that the server has for a purchase, and memory to collect.
 */
import { type ServerOpts, Socket } from 'node:net';

/** As many bytes as the kernel hands over at once; who sent so many has probably sent more. */
export const CHUNK_BYTES = 65_536;

const BUFFER = Buffer.allocUnsafeSlow(CHUNK_BYTES);

/** A connection that is silent for this long is asked by the operating system whether its client is still there. */
const KEEP_ALIVE_MS = 60_000;

/** For the server that accepts them, also those that carry TLS. */
export const ACCEPT_OPTIONS: ServerOpts = {
  // Who sends requests and closes its side (`printf … | nc`) still gets the replies.
  allowHalfOpen: true,
  // A client whose machine is gone is noticed, and its place is free again.
  keepAlive: true,
  keepAliveInitialDelay: KEEP_ALIVE_MS,
  // Nothing may arrive before the buffer is there.
  pauseOnConnect: true,
  // Only matters where Node reads ('data' events, a first message of TLS): with highWaterMark 1 a paused socket stops
  // after one chunk. Otherwise bytes arriving while paused would keep resetting its timeout.
  highWaterMark: 1,
};

/**
 * The socket to use from now on instead of `accepted`. Its bytes go to `receive`, in chunks that are
 * only good until it returns; none come while it is paused.
 *
 * Node offers `onread` for the sockets that a program makes, not for those that a server accepts. So
 * a socket with `onread` is made for the handle of the accepted one. Node does not document that
 * handle: where there is none, the accepted socket is read as usual.
 */
export function readThrough(accepted: Socket, receive: (chunk: Buffer) => void): Socket {
  const { _handle: handle } = accepted as Socket & { _handle?: object | null };
  if (handle === undefined || handle === null) return readAsUsual(accepted, receive);
  const socket = new Socket({
    handle,
    allowHalfOpen: true,
    onread: {
      buffer: BUFFER,
      callback: (length: number) => {
        receive(BUFFER.subarray(0, length));
        return true;
      },
    },
  } as ConstructorParameters<typeof Socket>[0]);
  // Without its handle it is an empty shell, which the server should no longer count.
  Object.assign(accepted, { _handle: null });
  accepted.destroy();
  return socket;
}

/** The same for a socket that Node reads for us: one that is encrypted. */
export function readAsUsual(accepted: Socket, receive: (chunk: Buffer) => void): Socket {
  return accepted.on('data', receive).resume();
}
