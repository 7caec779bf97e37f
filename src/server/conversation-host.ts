/** What surrounds a conversation: its server, and its connection. */
import type { ErrorReply } from '../protocol/error-codes.ts';
import type { Command, Service } from '../verbs/verb.ts';
import type { GroupCommit } from './group-commit.ts';
import type { Log } from './log.ts';
import type { Output } from './output.ts';
import type { Passwords } from './passwords.ts';
import type { Source } from './queue-entry.ts';
import type { Subscriptions } from './subscriptions.ts';

/** What a conversation needs of its server. */
export interface ConversationHost extends Service {
  /** Checks the words of one request. */
  parse(words: readonly string[]): Command | ErrorReply;
  readonly commit: GroupCommit;
  readonly passwords: Passwords;
  readonly subscriptions: Subscriptions;
  readonly log: Log;
}

/** What a conversation needs of its connection. */
export interface Transport extends Source {
  readonly output: Output;
  /** The address of the client: wrong passwords are counted by it. */
  readonly address: string;
  readonly isDestroyed: boolean;
  destroy(): void;
}
