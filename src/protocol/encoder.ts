/**
 * RESP, outwards: replies and commands into bytes. The other way go request-decoder.ts and, for the
 * client, reply-decoder.ts.
 *
 * Text on the wire is handled as "wire strings": one character (U+0000 to U+00FF) per byte. One
 * native call turns a whole chunk into a string, offsets in it are offsets in the bytes, and
 * whatever a peer sent can be echoed exactly. `toWire` and `fromWire` convert real text.
 */
import { ErrorReply } from './error-codes.ts';

const NOT_ASCII = /[^\0-\x7f]/;

/** UTF-8 bytes of `text`, a character per byte. */
export function toWire(text: string): string {
  return NOT_ASCII.test(text) ? Buffer.from(text, 'utf8').toString('latin1') : text;
}

/** The text whose UTF-8 bytes `wire` holds; bytes that are no UTF-8 become U+FFFD. */
export function fromWire(wire: string): string {
  return NOT_ASCII.test(wire) ? Buffer.from(wire, 'latin1').toString('utf8') : wire;
}

/** A status reply: `+OK`. */
export class Status {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

export const OK = new Status('OK');

/** Messages one behind the other, as SUBSCRIBE is answered: pushes in RESP3, arrays in RESP2. No part of another reply. */
export class Messages {
  readonly messages: readonly (readonly Reply[])[];

  constructor(messages: readonly (readonly Reply[])[]) {
    this.messages = messages;
  }
}

/** What a reply can hold. Strings are wire strings; a plain object is a map, in the order of its keys. */
export type Reply =
  | string
  | number
  | boolean
  | null
  | Status
  | ErrorReply
  | Messages
  | readonly Reply[]
  | { readonly [name: string]: Reply };

export type ProtocolVersion = 2 | 3;

/** The bytes of `reply`, as a wire string. Numbers must be safe integers. */
export function encode(reply: Reply, version: ProtocolVersion): string {
  if (typeof reply === 'string') return `$${reply.length}\r\n${reply}\r\n`;
  if (typeof reply === 'number') return `:${reply}\r\n`;
  if (reply === null) return version === 3 ? '_\r\n' : '$-1\r\n';
  if (typeof reply === 'boolean') {
    if (version === 3) return reply ? '#t\r\n' : '#f\r\n';
    return reply ? ':1\r\n' : ':0\r\n';
  }
  if (Array.isArray(reply)) {
    let bytes = `*${reply.length}\r\n`;
    for (let index = 0; index < reply.length; index++) bytes += encode(reply[index], version);
    return bytes;
  }
  if (reply instanceof Status) return `+${reply.text}\r\n`;
  if (reply instanceof ErrorReply) return `-${reply.code} ${oneLine(reply.message)}\r\n`;
  if (reply instanceof Messages) return encodeMessages(reply, version);
  let bytes = '';
  let count = 0;
  const map = reply as { readonly [name: string]: Reply };
  for (const name in map) {
    bytes += `$${name.length}\r\n${name}\r\n`;
    bytes += encode(map[name] as Reply, version);
    count++;
  }
  return version === 3 ? `%${count}\r\n${bytes}` : `*${2 * count}\r\n${bytes}`;
}

function encodeMessages({ messages }: Messages, version: ProtocolVersion): string {
  return messages
    .map(
      (values) =>
        messageHead(values.length, version) +
        values.map((value) => encode(value, version)).join(''),
    )
    .join('');
}

/** The first line of a message with so many values. */
export function messageHead(values: number, version: ProtocolVersion): string {
  return `${version === 3 ? '>' : '*'}${values}\r\n`;
}

/**
 * What stands before each value of a map with these fields, by version. Where many such maps are
 * encoded, joining these and the values takes a third of the time that `encode` takes.
 */
export function mapHeads(...names: string[]): Readonly<Record<ProtocolVersion, readonly string[]>> {
  const [first, ...others] = names.map((name) => `$${name.length}\r\n${name}\r\n`);
  return {
    2: [`*${2 * names.length}\r\n${first}`, ...others],
    3: [`%${names.length}\r\n${first}`, ...others],
  };
}

/** The bytes of a command, as client libraries send it. Words are wire strings. */
export function encodeCommand(words: readonly string[]): string {
  let bytes = `*${words.length}\r\n`;
  for (const word of words) bytes += `$${word.length}\r\n${word}\r\n`;
  return bytes;
}

/** An error reply is one line; a line end inside it would be read as the next reply. */
function oneLine(message: string): string {
  return message.replace(/[\r\n]+/g, ' ');
}
