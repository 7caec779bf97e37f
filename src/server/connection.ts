/**
 * One client: bytes into requests, requests into the queue, outcomes into replies in the order of
 * the requests. It takes no more than it can answer: while its turn has not come, or its replies are
 * not read, it stops reading, and TCP makes the client wait.
 */
import type { Socket } from 'node:net';
import { type Outcome, Refusal, type Request, type Session } from '../inventory/model.ts';
import { OutcomeUnknown, type StoreUnavailable } from '../inventory/store.ts';
import type { Credentials } from '../protocol/argument-checks.ts';
import { encode, type ProtocolVersion, type Reply } from '../protocol/encoder.ts';
import { ErrorReply, ProtocolError } from '../protocol/error-codes.ts';
import {
  MAX_COMMAND_BYTES,
  MAX_COMMAND_BYTES_BEFORE_LOGIN,
  MAX_EMPTY_COMMANDS_IN_TURN,
  MAX_READ_AHEAD_BYTES,
} from '../protocol/limits.ts';
import { RequestDecoder } from '../protocol/request-decoder.ts';
import { parse } from '../verbs/index.ts';
import { BrokenReply, type Caller, type Command, guard, type Service } from '../verbs/verb.ts';
import { wallClock } from './clock.ts';
import type { GroupCommit } from './group-commit.ts';
import { HEAVY_WORK } from './heavy-lane.ts';
import { closeLingering } from './lingering-close.ts';
import { Output } from './output.ts';
import type { Passwords } from './passwords.ts';
import { PendingReply, PendingRequest } from './pending.ts';
import type { Turns } from './turns.ts';

/** What a connection needs of its server. */
export interface ConnectionHost extends Service {
  readonly commit: GroupCommit;
  readonly passwords: Passwords;
  readonly turns: Turns;
}

/** Replies made without the store, and their bytes, before other connections get their turn: some 100 microseconds of work. */
const MAX_REPLIES_AT_ONCE = 128;
const REPLIES_AT_ONCE_BYTES = 16_384;

export class Connection implements Caller {
  readonly id: number;
  readonly service: ConnectionHost;
  name: string | null = null;
  version: ProtocolVersion = 2;
  session: Session | null = null;
  readonly #socket: Socket;
  readonly #decoder = new RequestDecoder();
  readonly #output: Output;
  /** The address of the client: wrong passwords are counted by it. */
  readonly #address: string;
  /** Whether the queue will flush the output after this batch. */
  #flushes = false;
  /** The clock for the requests of one read; 0 = not read yet. */
  #now = 0;
  /** Requests given to the queue, and those of them that are answered. */
  #submitted = 0;
  #answered = 0;
  /** Replies made without the store, behind requests that are not answered yet. */
  readonly #replies: PendingReply[] = [];
  /** A password is being checked. */
  #checking = false;
  /** No later request is taken until everything is answered (see Verb.exclusive). */
  #exclusive = false;
  /** A request for which the queue has no room yet. */
  #held: Command | null = null;
  /** What the reply that is being written still lacks: asked when the client has read so far. */
  #rest: Command | null = null;
  /** A part of a reply is told, and the rest of it is not. */
  #isMidReply = false;
  /** Replies made without the store since the last call of `advance`. */
  #madeAtOnce = 0;
  /** What has arrived is looked at further in one of the next turns of the event loop, and not before. */
  #isContinuing = false;
  /** The client sends no more. */
  #inputEnded = false;
  /** No more requests are taken; the connection ends when everything is answered. */
  #closing = false;

  constructor(id: number, socket: Socket, host: ConnectionHost) {
    this.id = id;
    this.service = host;
    this.#socket = socket;
    this.#output = new Output(socket, host.turns, () => this.advance());
    this.#address = socket.remoteAddress ?? '';
    socket.setNoDelay(true);
    socket.on('end', () => {
      this.#inputEnded = true;
      this.advance();
    });
    // A lost connection is no fault of the server: what it sent is settled, the rest is dropped.
    socket.on('error', () => socket.destroy());
    socket.on('timeout', () => socket.destroy());
    socket.on('close', () => {
      this.#closing = true;
      host.commit.forget(this);
    });
  }

  get now(): number {
    this.#now ||= wallClock();
    return this.#now;
  }

  /** Takes bytes of the client. `chunk` is the caller's again afterwards. */
  receive(chunk: Buffer): void {
    if (this.#inputEnded || this.#closing) return;
    this.#decoder.push(chunk);
    this.advance();
  }

  /** Takes as many requests as there are and as there is room for, and writes the replies made at once. */
  advance(): void {
    this.#now = 0;
    this.#madeAtOnce = 0;
    const held = this.#held;
    this.#held = null;
    if (held !== null && !this.#closing) this.#take(held);
    if (this.#rest !== null && !this.#closing && this.#output.isClear) this.#askForRest(this.#rest);
    try {
      while (this.#mayTake()) {
        const words = this.#decoder.next(this.#maxCommandBytes(), MAX_EMPTY_COMMANDS_IN_TURN);
        if (words === null) {
          if (this.#decoder.hasMore) this.#continueLater();
          else if (this.#inputEnded) this.#closing = true;
          break;
        }
        const command = parse(words);
        if (command instanceof ErrorReply) this.#replyWith(command);
        else this.#take(command);
      }
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.#closing = true;
      this.#replyWith(new ErrorReply(error.code, error.message));
    }
    if (this.#output.size > 0) this.#output.flush();
    if (this.#closing) this.#endWhenAnswered();
    else if (this.#mayRead()) {
      if (this.#socket.isPaused()) this.#socket.resume();
    } else this.#socket.pause();
  }

  /** Called once after a batch in which replies were added. */
  writeReplies(): void {
    this.#flushes = false;
    this.#output.flush();
  }

  /** Takes no more from the client than what has arrived. */
  stop(): void {
    this.#inputEnded = true;
    this.advance();
  }

  close(): void {
    this.#closing = true;
  }

  destroy(): void {
    this.#socket.destroy();
  }

  /** Whether nothing is owed: no reply, and no check of a password. */
  get #owesNothing(): boolean {
    return this.#submitted === this.#answered && !this.#checking;
  }

  #mayTake(): boolean {
    if (this.#closing || this.#isContinuing) return false;
    if (this.#held !== null || !this.#output.isClear) return false;
    if (this.#exclusive) {
      if (!this.#owesNothing) return false;
      this.#exclusive = false;
    }
    if (this.#madeAtOnce >= MAX_REPLIES_AT_ONCE || this.#output.size >= REPLIES_AT_ONCE_BYTES) {
      this.#continueLater();
      return false;
    }
    return this.#submitted - this.#answered + this.#replies.length < this.service.commit.share;
  }

  #mayRead(): boolean {
    if (this.#output.isUnread || this.#isContinuing) return false;
    return this.#decoder.buffered < MAX_READ_AHEAD_BYTES;
  }

  #continueLater(): void {
    this.#isContinuing = true;
    this.service.turns.add(() => {
      this.#isContinuing = false;
      this.advance();
    });
  }

  #maxCommandBytes(): number {
    return this.session === null ? MAX_COMMAND_BYTES_BEFORE_LOGIN : MAX_COMMAND_BYTES;
  }

  #take(command: Command): void {
    const { verb } = command;
    const denied = guard(verb, this.session);
    if (denied !== null) {
      this.#replyWith(denied);
      return;
    }
    const credentials = verb.credentials === null ? null : verb.credentials(command);
    const { commit } = this.service;
    const work = verb.work(command);
    if (work <= HEAVY_WORK && commit.full && verb.request !== null && credentials === null) {
      this.#held = command;
      commit.waitForRoom(this);
      return;
    }
    if (work > HEAVY_WORK || verb.exclusive(command)) this.#exclusive = true;
    if (credentials === null) this.#perform(command, work);
    else void this.#check(command, credentials);
  }

  #perform(command: Command, work: number): void {
    const { request } = command.verb;
    if (request === null) {
      this.#reply(() => command.verb.answer(command, this));
    } else {
      this.#submitted++;
      this.#submit(command, request(command, this), work);
    }
  }

  #submit(command: Command, request: Request, work: number): void {
    const entry = new PendingRequest(this, command, request);
    if (work <= HEAVY_WORK) this.service.commit.add(entry);
    else this.service.commit.addHeavy(entry, this.session?.user ?? '', work);
  }

  #askForRest(rest: Command): void {
    this.#rest = null;
    const { request, work } = rest.verb;
    if (request !== null) this.#submit(rest, request(rest, this), work(rest));
  }

  /** Checks a password away from the event loop, and performs `command` when it is right. */
  async #check(command: Command, credentials: Credentials): Promise<void> {
    this.#checking = true;
    const { passwords } = this.service;
    const full = passwords.isFull(credentials, this.#address);
    const isThere = () => !this.#socket.destroyed;
    const right = !full && (await passwords.check(credentials, this.#address, isThere));
    this.#checking = false;
    this.#now = 0;
    if (right) this.#perform(command, 1);
    else this.#replyWith(full ? LOGINS_BUSY : WRONG_PASSWORD);
    this.advance();
  }

  #replyWith(reply: Reply): void {
    this.#reply(() => reply);
  }

  /**
   * Replies without the store: at once when nothing is owed, however long the store takes for others;
   * else behind the requests before it. `make` is called when the turn has come.
   */
  #reply(make: () => Reply): void {
    this.#madeAtOnce++;
    if (this.#owesNothing) this.#output.add(encode(make(), this.version));
    else this.#replies.push(new PendingReply(this.#submitted, make));
  }

  /** Called when `command` is settled. */
  answer(command: Command, outcome: Outcome): void {
    if (outcome instanceof Refusal) {
      if (this.#isMidReply) this.#breakOff();
      else this.#add(encode(new ErrorReply(outcome.code, outcome.message), this.version));
      return;
    }
    const bytes = command.verb.encode(outcome, this, command);
    const { rest } = command.verb;
    if (rest === null) this.#add(bytes);
    else this.#addPart(bytes as string, () => rest(outcome, command));
  }

  /** Adds a part of a reply; what `restOf` returns follows in the same reply. */
  #addPart(bytes: string, restOf: () => Command | null): void {
    try {
      this.#rest = restOf();
    } catch (error) {
      if (!(error instanceof BrokenReply)) throw error;
      this.#breakOff();
      return;
    }
    this.#isMidReply = this.#rest !== null;
    if (this.#isMidReply) {
      this.#output.add(bytes);
      this.#flushAfterBatch();
    } else this.#add(bytes);
  }

  /** Called when nothing was committed of the batch, or when nobody knows whether it was. */
  fail(failure: StoreUnavailable | OutcomeUnknown): void {
    if (!(failure instanceof OutcomeUnknown || this.#isMidReply)) {
      this.#add(encode(UNAVAILABLE, this.version));
      return;
    }
    // Closed without a reply: the client then treats the order as in doubt and retries under the same id.
    this.#breakOff();
  }

  #breakOff(): void {
    this.#answered++;
    this.#closing = true;
    this.destroy();
  }

  /** Adds the reply to the oldest request in the queue, and what waited behind that request. */
  #add(bytes: string | Iterator<string>): void {
    this.#answered++;
    if (typeof bytes === 'string') this.#output.add(bytes);
    else this.#output.addLong(bytes);
    while (this.#replies.length > 0 && this.#replies[0]?.behind === this.#answered) {
      const { make } = this.#replies.shift() as PendingReply;
      this.#output.add(encode(make(), this.version));
    }
    this.#flushAfterBatch();
  }

  #flushAfterBatch(): void {
    if (this.#flushes) return;
    this.#flushes = true;
    this.service.commit.flushAfterBatch(this);
  }

  /** Ends the connection when nothing is owed any more. */
  #endWhenAnswered(): void {
    if (!this.#owesNothing || !this.#output.isWritten || this.#socket.writableEnded) return;
    closeLingering(this.#socket);
  }
}

const WRONG_PASSWORD = new ErrorReply('WRONGPASS', 'unknown user or wrong password');
const LOGINS_BUSY = new ErrorReply('BUSY', 'too many logins at once; try again in a few seconds');
const UNAVAILABLE = new ErrorReply(
  'UNAVAILABLE',
  'the store could not commit; nothing happened, try again',
);
