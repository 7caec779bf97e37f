/** What a connection is subscribed to, as verbs see it, and what it may ask in RESP2 meanwhile. */
import { ErrorReply } from '../protocol/error-codes.ts';

/** The channels of one connection. */
export interface OwnChannels {
  /** How many. */
  readonly size: number;
  /** Their names, in the order in which they were added. */
  readonly channels: readonly string[];
  has(channel: string): boolean;
  /** `upc`: the item that it tells of; null for all of them. The present levels follow the reply. */
  add(channel: string, upc: number | null): void;
  delete(channel: string): void;
  clear(): void;
}

/** Why a subscribed RESP2 connection may not ask the verb of this name, in the words of Redis, which its clients know. */
export function subscribeModeError(name: string): ErrorReply {
  return new ErrorReply(
    'ERR',
    `Can't execute '${name.toLowerCase()}': only SUBSCRIBE / UNSUBSCRIBE / PING / QUIT / RESET are allowed in this context`,
  );
}
