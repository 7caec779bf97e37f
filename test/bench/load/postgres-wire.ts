/**
 * The little of PostgreSQL's wire protocol (version 3) that the load needs: login without a
 * password, prepared statements, and Bind, Execute and Sync in one write for each request.
 */
import { TOKEN } from '../peers/token.ts';
import type { Dialect } from './dialects.ts';
import { HOLD_SECONDS } from './job.ts';

export const DATABASE = 'postgres';
export const USER = 'postgres';

const STATEMENTS = {
  buy: 'SELECT * FROM purchase($1, $2, $3, $4)',
  hold: 'SELECT * FROM hold($1, $2, $3, $4, $5)',
  confirm: 'SELECT * FROM confirm($1, $2)',
};

const SYNC = message('S', '');
/** The portal without a name, and all its rows. */
const EXECUTE = message('E', '\0', int32(0));

export const postgres: Dialect = {
  greetings: [startup(), prepare()],
  purchase: (upc, order) => call('buy', TOKEN, String(upc), '1', order),
  hold: (upc, order) => call('hold', TOKEN, String(upc), '1', String(HOLD_SECONDS), order),
  confirm: (order) => call('confirm', TOKEN, order),
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

function prepare(): Buffer {
  const statements = Object.entries(STATEMENTS).map(([name, sql]) =>
    message('P', `${name}\0${sql}\0`, int16(0)),
  );
  return Buffer.concat([...statements, SYNC]);
}

/** All parameters and results are texts. */
function call(statement: keyof typeof STATEMENTS, ...values: string[]): Buffer {
  const parameters = values.flatMap((value) => [int32(value.length), value]);
  const counts = [int16(0), int16(values.length)];
  const bind = message('B', `\0${statement}\0`, ...counts, ...parameters, int16(0));
  return Buffer.concat([bind, EXECUTE, SYNC]);
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
