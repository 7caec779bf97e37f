/**
 * The little of PostgreSQL's wire protocol (version 3) that the load needs: login without a
 * password, one prepared statement, and Bind, Execute and Sync in one write for each purchase.
 */
import { TOKEN } from '../peers/token.ts';
import type { Dialect } from './dialects.ts';

export const DATABASE = 'postgres';
export const USER = 'postgres';

const STATEMENT = 'buy';
const SQL = 'SELECT * FROM purchase($1, $2, $3, $4)';

const SYNC = message('S', '');
/** The portal without a name, and all its rows. */
const EXECUTE = message('E', '\0', int32(0));

export const postgres: Dialect = {
  greetings: [startup(), Buffer.concat([message('P', `${STATEMENT}\0${SQL}\0`, int16(0)), SYNC])],
  purchase: (upc, order) => Buffer.concat([bind(TOKEN, String(upc), '1', order), EXECUTE, SYNC]),
  isWhole,
};

/** A query in the simple protocol. */
export function query(sql: string): Buffer {
  return message('Q', `${sql}\0`);
}

export function startup(): Buffer {
  const version = int32(196_608);
  const body = Buffer.concat([version, Buffer.from(`user\0${USER}\0database\0${DATABASE}\0\0`)]);
  return Buffer.concat([int32(body.length + 4), body]);
}

/** All parameters and results are texts. */
function bind(...values: string[]): Buffer {
  const parameters = values.flatMap((value) => [int32(value.length), value]);
  return message('B', `\0${STATEMENT}\0`, int16(0), int16(values.length), ...parameters, int16(0));
}

/** A reply ends with ReadyForQuery; an error before it is told only then, so that it is whole. */
export function isWhole(received: Buffer): boolean {
  let error: string | null = null;
  for (const { type, body } of messages(received)) {
    if (type === 'E') error = body.toString('utf8').replaceAll('\0', ' ');
    if (type !== 'Z') continue;
    if (error !== null) throw new Error(error);
    return true;
  }
  return false;
}

/** The fields of the first row. */
export function firstRow(received: Buffer): string[] {
  for (const { type, body } of messages(received)) {
    if (type !== 'D') continue;
    const fields: string[] = [];
    for (let at = 2; at < body.length; ) {
      const length = body.readInt32BE(at);
      fields.push(body.toString('utf8', at + 4, at + 4 + Math.max(length, 0)));
      at += 4 + Math.max(length, 0);
    }
    return fields;
  }
  return [];
}

function* messages(received: Buffer): Generator<{ type: string; body: Buffer }> {
  for (let at = 0; at + 5 <= received.length; ) {
    const end = at + 1 + received.readInt32BE(at + 1);
    if (end > received.length) return;
    yield {
      type: String.fromCharCode(received[at] as number),
      body: received.subarray(at + 5, end),
    };
    at = end;
  }
}

function message(type: string, ...parts: (string | Buffer)[]): Buffer {
  const body = Buffer.concat(parts.map((part) => Buffer.from(part as string, 'utf8')));
  return Buffer.concat([Buffer.from(type), int32(body.length + 4), body]);
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
}

function int16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeInt16BE(value);
  return bytes;
}
