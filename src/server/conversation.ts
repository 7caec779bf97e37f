/**
 * What one client asks and is told: commands into the queue, outcomes into replies, in the order of the
 * requests. It takes the next command only when the earlier ones allow it.
 */
import { type Outcome, Refusal, type Request, type Session } from '../inventory/model.ts';
import { OutcomeUnknown, type StoreUnavailable } from '../inventory/store.ts';
import { type Credentials, detached } from '../protocol/argument-checks.ts';
import { encode, type ProtocolVersion, type Reply } from '../protocol/encoder.ts';
import { ErrorReply, UNAVAILABLE } from '../protocol/error-codes.ts';
import { guard } from '../verbs/guard.ts';
import { abort, enqueue, isDoneAtOnce } from '../verbs/transaction.ts';
import {
  BrokenReply,
  type Caller,
  type Command,
  decidesWhoAsks,
  encodeOutcome,
  type OpenTransaction,
  type UserInForce,
} from '../verbs/verb.ts';
import { wallClock } from './clock.ts';
import type { ConversationHost, Transport } from './conversation-host.ts';
import { HEAVY_WORK } from './heavy-lane.ts';
import type { LogFields } from './log.ts';
import { checkLogin } from './login-check.ts';
import { PendingRequest } from './pending-request.ts';
import { ReplyQueue } from './reply-queue.ts';
import type { Reader, Subscriber } from './subscriber.ts';

export class Conversation implements Caller, Reader {
  readonly id: number;
  readonly service: ConversationHost;
  name: string | null = null;
  version: ProtocolVersion = 2;
  session: Session | null = null;
  user: UserInForce | null = null;
  checked: UserInForce | null = null;
  transaction: OpenTransaction | null = null;
  readonly subscriber: Subscriber;
  /** No more commands are taken: the connection ends when nothing is owed any more. */
  isOver = false;
  /** Replies made without the store since the last call of `resume`. */
  madeAtOnce = 0;
  readonly #transport: Transport;
  readonly replies: ReplyQueue;
  /** The clock for the requests of one read; 0 = not read yet. */
  #now = 0;
  /** A password is being checked. */
  #checking = false;
  /** No later command is taken until everything is answered (see Verb.exclusive). */
  #exclusive = false;
  /** A command for which the queue has no room yet, or that waits for all that is owed. */
  #kept: Command | null = null;
  /** What the reply that is being written still lacks: asked when the client has read so far. */
  #rest: Command | null = null;
  /** A part of a reply is told, and the rest of it is not. */
  #isMidReply = false;
  /** Whether the queue will have the replies written after this batch. */
  #flushes = false;

  constructor(id: number, host: ConversationHost, transport: Transport) {
    this.id = id;
    this.service = host;
    this.subscriber = host.subscriptions.subscriber(this);
    this.#transport = transport;
    this.replies = new ReplyQueue(transport.output);
  }

  get now(): number {
    this.#now ||= wallClock();
    return this.#now;
  }

  /** Whether nothing is owed: no reply, and no check of a password. */
  get owesNothing(): boolean {
    return this.replies.owed === 0 && !this.#checking;
  }

  /** Goes on with what was held back, and reads the clock anew for what comes now. */
  resume(): void {
    this.#now = 0;
    this.madeAtOnce = 0;
    if (this.isOver) return;
    const kept = this.#kept;
    this.#kept = null;
    if (kept !== null) this.#take(kept);
    if (this.#rest !== null && this.#transport.output.isClear) this.#askForRest(this.#rest);
  }

  /** Whether another command may be taken, as far as the earlier ones are concerned. */
  mayTake(): boolean {
    if (this.isOver || this.#kept !== null) return false;
    if (this.#exclusive) {
      if (!this.owesNothing) return false;
      this.#exclusive = false;
    }
    return this.replies.owed < this.service.commit.shareOf(this);
  }

  /** Takes the command that `words` say. */
  take(command: Command, words: readonly string[]): void {
    const denied = guard(command, this);
    if (denied !== null) {
      // A transaction ends with its login.
      if (denied.code === 'NOAUTH') this.transaction = null;
      this.refuse(denied);
    } else if (this.transaction === null || isDoneAtOnce(command)) {
      this.#take(command);
    } else {
      const own = words.map(detached);
      const queued = this.service.parse(own) as Command;
      const reply = enqueue(this.transaction, queued, own);
      this.#tell(() => reply);
    }
  }

  #take(command: Command): void {
    const { verb } = command;
    // Who asks changes when all is told that was asked before: a request may come later than its batch (heavy-lane.ts).
    if (decidesWhoAsks(command) && !this.owesNothing) {
      this.#kept = command;
      return;
    }
    const credentials = verb.credentials === null ? null : verb.credentials(command);
    const { commit } = this.service;
    const work = verb.work(command);
    if (work <= HEAVY_WORK && commit.full && verb.request !== null && credentials === null) {
      this.#kept = command;
      commit.waitForRoom(this.#transport);
      return;
    }
    if (work > HEAVY_WORK || verb.exclusive(command)) this.#exclusive = true;
    if (credentials === null) this.#perform(command, work);
    else void this.#check(command, credentials);
  }

  /** Replies with an error that is known without the store. */
  refuse(error: ErrorReply): void {
    if (this.transaction !== null) abort(this.transaction);
    this.#tell(() => error);
  }

  #perform(command: Command, work: number): void {
    const { request } = command.verb;
    if (request === null) {
      this.#performHere(command);
    } else {
      this.replies.expect();
      this.#submit(command, request(command, this), work);
    }
  }

  /** Performs a command that asks no store. Apart from the others, so that no purchase makes room for its closures. */
  #performHere(command: Command): void {
    const { take } = command.verb;
    if (take === null) {
      this.#tell(() => command.verb.answer(command, this));
    } else {
      const taken = take(command, this);
      if ('instead' in taken) this.#take(taken.instead);
      else this.#tell(() => taken.reply);
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

  /** Replies without the store. `make` is called when the turn of the reply has come. */
  #tell(make: () => Reply): void {
    this.madeAtOnce++;
    // `make` comes first: it may change the version.
    this.replies.addMade(() => encode(make(), this.version));
  }

  /** Checks a password away from the event loop, and performs `command` when it is right. */
  async #check(command: Command, credentials: Credentials): Promise<void> {
    this.#checking = true;
    const checked = await checkLogin(credentials, this.#transport, this.service);
    this.#checking = false;
    this.#now = 0;
    this.checked = checked instanceof ErrorReply ? null : checked;
    if (checked instanceof ErrorReply) this.refuse(checked);
    else this.#perform(command, 1);
    this.#transport.advance();
  }

  #log(event: string, fields: LogFields): void {
    this.service.log(event, { ...fields, address: this.#transport.address });
  }

  /** Called when `command` is settled. */
  answer(command: Command, outcome: Outcome): void {
    const isRefused = outcome instanceof Refusal;
    if (isRefused && this.#isMidReply) {
      this.#breakOff();
      return;
    }
    const bytes = encodeOutcome(outcome, this, command);
    if (isRefused || command.verb.rest === null) this.#add(bytes);
    else this.#addPart(bytes as string, outcome, command);
  }

  #add(bytes: string | Iterator<string>): void {
    this.replies.add(bytes);
    this.flushAfterBatch();
  }

  /** Adds a part of the reply to `command`; what its verb has left for `outcome` follows in the same reply. */
  #addPart(bytes: string, outcome: Outcome, command: Command): void {
    try {
      this.#rest = command.verb.rest?.(outcome, command) ?? null;
    } catch (error) {
      if (!(error instanceof BrokenReply)) throw error;
      this.#breakOff();
      return;
    }
    this.#isMidReply = this.#rest !== null;
    if (this.#isMidReply) this.replies.addPart(bytes);
    else this.replies.add(bytes);
    this.flushAfterBatch();
  }

  /** Called when nothing was committed of the batch, or when nobody knows whether it was. */
  fail(failure: StoreUnavailable | OutcomeUnknown): void {
    // Close without a reply: the client then treats the order as in doubt and retries under the same
    // id (PROTOCOL.md, Retrying safely).
    if (failure instanceof OutcomeUnknown || this.#isMidReply) this.#breakOff();
    else this.#add(encode(UNAVAILABLE, this.version));
  }

  /** Ends the connection in the middle of what it is owed. */
  #breakOff(): void {
    this.replies.drop();
    this.isOver = true;
    this.#transport.destroy();
  }

  logIn(session: Session, user: UserInForce): void {
    this.session = session;
    this.user = user;
    this.#log('logged in', { user: user.name, kept: session.tokenHash !== null });
  }

  attach(session: Session, user: UserInForce): void {
    this.session = session;
    this.user = user;
    this.#log('login resumed', { level: 'debug', user: user.name });
  }

  logOut(): void {
    this.#log('logged out', { user: this.session?.user });
    this.detach();
  }

  detach(): void {
    this.subscriber.clear();
    this.session = null;
    this.user = null;
  }

  close(): void {
    this.isOver = true;
    this.subscriber.close();
  }

  get mayPush(): boolean {
    return !this.#isMidReply && this.#transport.output.mayPush;
  }

  push(messages: readonly Buffer[]): void {
    this.#transport.output.push(messages);
  }

  end(): void {
    this.#log('subscription ended', { user: this.session?.user });
    this.close();
    this.#transport.advance();
  }

  /** Called when the replies of a batch are written. */
  flushed(): void {
    this.#flushes = false;
  }

  /** Has replies written, and the conversation go on, when the batch that is being answered is. */
  flushAfterBatch(): void {
    if (this.#flushes) return;
    this.#flushes = true;
    this.service.commit.flushAfterBatch(this.#transport);
  }
}
