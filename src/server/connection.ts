/**
 * One client's bytes: in, as commands of a conversation, and out, as its replies. A connection takes no
 * more than it can answer: while its turn has not come, or its replies are not read, it stops reading,
 * and TCP makes the client wait.
 */
import type { Socket } from 'node:net';
import { ErrorReply, ProtocolError, TlsRecord } from '../protocol/error-codes.ts';
import {
  MAX_COMMAND_BYTES,
  MAX_COMMAND_BYTES_BEFORE_LOGIN,
  MAX_EMPTY_COMMANDS_IN_TURN,
  MAX_READ_AHEAD_BYTES,
} from '../protocol/limits.ts';
import { RequestDecoder } from '../protocol/request-decoder.ts';
import { Conversation } from './conversation.ts';
import type { ConversationHost, Transport } from './conversation-host.ts';
import { closeLingering } from './lingering-close.ts';
import type { Keeper, MemoryBudget } from './memory-budget.ts';
import { Output } from './output.ts';
import { CHUNK_BYTES } from './read-buffer.ts';
import type { Turns } from './turns.ts';

/** What a connection needs of its server. */
export interface ConnectionHost extends ConversationHost {
  readonly turns: Turns;
  readonly memory: MemoryBudget;
  /** How many requests were taken. */
  requests: number;
  /** Told when a client speaks TLS to a port that does not, or inside of it. */
  greetedWithTls(connection: Connection): void;
}

/** Replies made without the store, and their bytes, before other connections get their turn: some 100 microseconds of work. */
const MAX_REPLIES_AT_ONCE = 128;
const REPLIES_AT_ONCE_BYTES = 16_384;

/** Above so many replies that are owed, what they take counts … */
const FEW_OWED = 64;
/** … in bytes, with their commands (measured: 200). */
const BYTES_OF_OWED = 256;

export class Connection implements Transport, Keeper {
  /** When it was accepted, in milliseconds of performance.now. */
  readonly openedAt = performance.now();
  readonly output: Output;
  readonly address: string;
  readonly #socket: Socket;
  readonly #host: ConnectionHost;
  readonly #decoder = new RequestDecoder();
  readonly #conversation: Conversation;
  /** What the memory budget knows that this connection keeps. */
  #toldBytes = 0;
  /** What has arrived is looked at further in one of the next turns of the event loop, and not before. */
  #isContinuing = false;
  /** The client sends no more. */
  #inputEnded = false;

  /** `id`: no two connections of a running server have the same. */
  constructor(id: number, socket: Socket, host: ConnectionHost) {
    this.#socket = socket;
    this.#host = host;
    this.address = socket.remoteAddress ?? '';
    this.output = new Output(
      socket,
      host.turns,
      () => this.advance(),
      () => this.#tellKeptBytes(),
    );
    this.#conversation = new Conversation(id, host, this);
    socket.setNoDelay(true);
    socket.on('end', () => {
      this.#inputEnded = true;
      this.advance();
    });
    // A lost connection is no fault of the server: what is being settled is, and the rest is dropped.
    socket.on('error', () => socket.destroy());
    socket.on('timeout', () => this.timedOut());
    socket.on('close', () => {
      this.#conversation.close();
      host.commit.forget(this, this.#conversation.owesNothing ? null : this.#conversation);
      host.memory.forget(this);
    });
  }

  /** The name of who is logged in, or null. */
  get user(): string | null {
    return this.#conversation.session?.user ?? null;
  }

  get isLoggedIn(): boolean {
    const { session, user } = this.#conversation;
    return session !== null && user?.isInForce === true;
  }

  get keptBytes(): number {
    const conversation = this.#conversation;
    const name = conversation.name?.length ?? 0;
    const queued = conversation.transaction?.keptBytes ?? 0;
    const channels = conversation.subscriber.keptBytes;
    const { owed } = conversation.replies;
    // Few are no matter, and telling the budget of each purchase would be work.
    const asked = owed > FEW_OWED ? owed * BYTES_OF_OWED : 0;
    const heavy = this.#host.commit.heavyBytesOf(conversation);
    const requests = this.#decoder.keptBytes + queued + asked + heavy;
    return requests + this.output.keptBytes + name + channels;
  }

  get isDestroyed(): boolean {
    return this.#socket.destroyed;
  }

  /** Takes bytes of the client. `chunk` is the caller's again afterwards. */
  receive(chunk: Buffer): void {
    if (this.#inputEnded || this.#conversation.isOver) return;
    this.#decoder.push(chunk);
    // Else many such chunks of one connection would be read and looked at before anybody else's turn.
    if (chunk.length === CHUNK_BYTES) this.continueLater();
    this.advance();
  }

  /** Takes bytes of the client, to be looked at when everybody else had their turn. */
  protected collect(chunk: Buffer): void {
    if (this.#inputEnded || this.#conversation.isOver) return;
    this.#decoder.push(chunk);
    this.continueLater();
    if (this.#decoder.buffered >= this.#maxReadAhead()) this.#socket.pause();
  }

  /** Takes as many requests as there are and as there is room for, and writes the replies made at once. */
  advance(): void {
    const conversation = this.#conversation;
    conversation.resume();
    let taken = 0;
    try {
      while (this.#mayTake()) {
        const words = this.#decoder.next(this.#maxCommandBytes(), MAX_EMPTY_COMMANDS_IN_TURN);
        if (words === null) {
          if (this.#decoder.hasMore) this.continueLater();
          else if (this.#inputEnded) conversation.close();
          break;
        }
        taken++;
        const command = this.#host.parse(words);
        if (command instanceof ErrorReply) conversation.refuse(command);
        else conversation.take(command, words);
      }
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      if (error instanceof TlsRecord) this.#host.greetedWithTls(this);
      conversation.close();
      conversation.refuse(new ErrorReply(error.code, error.message));
    }
    this.#host.requests += taken;
    this.output.mayKeepMore = this.isLoggedIn;
    if (this.output.size > 0) this.output.flush();
    if (conversation.isOver) this.#endWhenAnswered();
    else if (this.#mayRead()) {
      if (this.#socket.isPaused()) this.#socket.resume();
    } else this.#socket.pause();
    this.#tellKeptBytes();
  }

  writeReplies(): void {
    this.#conversation.flushed();
    this.output.flush();
  }

  /** Takes no more from the client than what has arrived. */
  stop(): void {
    this.#inputEnded = true;
    this.advance();
  }

  destroy(): void {
    this.#socket.destroy();
  }

  /** Ends it because it keeps too much, or because others need its place. */
  cut(why = 'it keeps too much memory'): void {
    this.#logCut(why);
    this.#conversation.close();
    this.destroy();
  }

  /** Called when the client had its time to read and did nothing. */
  protected timedOut(): void {
    // Behind its last reply, a client is only waited for (lingering-close.ts).
    if (!this.#socket.writableEnded) this.#logCut('it read none of its replies for too long');
    this.destroy();
  }

  #logCut(why: string): void {
    const { address, user, keptBytes } = this;
    this.#host.log('client cut', { level: 'warn', address, user, kept_bytes: keptBytes, why });
  }

  #tellKeptBytes(): void {
    const bytes = this.keptBytes;
    if (bytes === this.#toldBytes || this.isDestroyed) return;
    this.#toldBytes = bytes;
    this.#host.memory.update(this, bytes);
  }

  #mayTake(): boolean {
    if (this.#isContinuing || !this.output.isClear) return false;
    if (!this.#conversation.mayTake()) return false;
    const { madeAtOnce } = this.#conversation;
    if (madeAtOnce < MAX_REPLIES_AT_ONCE && this.output.size < REPLIES_AT_ONCE_BYTES) return true;
    this.continueLater();
    return false;
  }

  #mayRead(): boolean {
    if (this.output.isUnread || this.#isContinuing) return false;
    return this.#decoder.buffered < this.#maxReadAhead();
  }

  /** What has arrived is looked at further when everybody else had their turn. */
  protected continueLater(): void {
    if (this.#isContinuing) return;
    this.#isContinuing = true;
    this.#host.turns.add(() => {
      this.#isContinuing = false;
      this.advance();
    });
  }

  #maxCommandBytes(): number {
    return this.isLoggedIn ? MAX_COMMAND_BYTES : MAX_COMMAND_BYTES_BEFORE_LOGIN;
  }

  /** A stranger may fill one chunk, and no second one before it is looked at. */
  #maxReadAhead(): number {
    return this.isLoggedIn ? MAX_READ_AHEAD_BYTES : MAX_COMMAND_BYTES_BEFORE_LOGIN;
  }

  /** Ends the connection when nothing is owed any more. */
  #endWhenAnswered(): void {
    if (!this.#conversation.owesNothing || !this.output.isWritten) return;
    if (!this.#socket.writableEnded) closeLingering(this.#socket);
  }
}
