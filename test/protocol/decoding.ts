import { expect } from 'vitest';
import { ProtocolError } from '../../src/protocol/error-codes.ts';
import { RequestDecoder } from '../../src/protocol/request-decoder.ts';

export interface Decoded {
  readonly commands: string[][];
  /** `CODE sentence` of the bytes that are no command. */
  readonly error?: string;
}

/** What the decoder hands out when it is asked after every chunk, as a connection does. */
export function decode(chunks: readonly Buffer[], maxBytes = 65_536): Decoded {
  const decoder = new RequestDecoder();
  const commands: string[][] = [];
  try {
    for (const chunk of chunks) {
      decoder.push(chunk);
      for (;;) {
        const words = decoder.next(maxBytes);
        if (words === null) break;
        commands.push(words);
      }
    }
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    return { commands, error: `${error.code} ${error.message}` };
  }
  return { commands };
}

/** Feeds `bytes` whole, byte by byte, and cut in two at every position: the outcome must be the same. */
export function expectDecoded(bytes: string, expected: Decoded, maxBytes?: number): void {
  const whole = Buffer.from(bytes, 'latin1');
  expect(decode([whole], maxBytes)).toEqual(expected);
  const single = Array.from(whole, (byte) => Buffer.of(byte));
  expect(decode(single, maxBytes), 'byte by byte').toEqual(expected);
  for (let cut = 1; cut < whole.length; cut++) {
    const halves = [whole.subarray(0, cut), whole.subarray(cut)];
    expect(decode(halves, maxBytes), `cut after ${cut} bytes`).toEqual(expected);
  }
}
