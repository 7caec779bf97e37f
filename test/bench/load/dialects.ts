/** How to log in, to buy and to hold in the words of each server. */

import { encodeCommand } from '../../../src/protocol/encoder.ts';
import { ErrorReply } from '../../../src/protocol/error-codes.ts';
import { ReplyDecoder } from '../../../src/protocol/reply-decoder.ts';
import { CONFIRM_SHA, HOLD_SHA } from '../peers/redis-hold-scripts.ts';
import { SCRIPT_SHA } from '../peers/redis-script.ts';
import { TOKEN } from '../peers/token.ts';
import { type DialectName, HOLD_SECONDS } from './job.ts';
import { postgres } from './postgres-wire.ts';

export interface Dialect {
  /** What a connection sends before its first request, one after the other. */
  readonly greetings: readonly Buffer[];
  /** The bytes of a purchase of one unit. */
  purchase(upc: number, order: string): Buffer;
  /** The bytes of a hold of one unit for HOLD_SECONDS. */
  hold(upc: number, order: string): Buffer;
  /** The bytes that buy what is held under that id. */
  confirm(order: string): Buffer;
  /** Whether `received` is the whole reply to one request. Throws when the server refused. */
  isWhole(received: Buffer): boolean;
}

/** A login record, which `inv` looks up at every purchase, as the peers look up theirs. */
const inv: Dialect = {
  greetings: [command('LOGIN', 'alice', 'wonderland')],
  purchase: (upc, order) => command('PURCHASE', String(upc), '1', 'ORDER', order),
  hold: (upc, order) =>
    command('HOLD', String(upc), '1', 'FOR', String(HOLD_SECONDS), 'ORDER', order),
  confirm: (order) => command('CONFIRM', order),
  isWhole: isWholeReply,
};

const redis: Dialect = {
  greetings: [command('HSET', 'logins', TOKEN, 'alice')],
  purchase: (upc, order) => command('EVALSHA', SCRIPT_SHA, '0', TOKEN, String(upc), '1', order),
  hold: (upc, order) =>
    command('EVALSHA', HOLD_SHA, '0', TOKEN, String(upc), '1', String(HOLD_SECONDS), order),
  confirm: (order) => command('EVALSHA', CONFIRM_SHA, '0', TOKEN, order),
  isWhole: isWholeReply,
};

export const DIALECTS: Record<DialectName, Dialect> = { inv, redis, postgres };

function command(...words: string[]): Buffer {
  return Buffer.from(encodeCommand(words), 'latin1');
}

function isWholeReply(received: Buffer): boolean {
  const decoder = new ReplyDecoder();
  decoder.push(received);
  const reply = decoder.next();
  if (reply instanceof ErrorReply) throw new Error(`${reply.code} ${reply.message}`);
  return reply !== undefined;
}
