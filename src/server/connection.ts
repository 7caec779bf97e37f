/**
 * One client: bytes into requests, requests into the queue, outcomes into replies in the order of
 * the requests. It takes no more than it can answer: while its turn has not come, or its replies are
 * not read, it stops reading, and TCP makes the client wait.
 */
import { hash, randomBytes } from 'node:crypto';
import type { Socket } from 'node:net';
import type { Outcome, Request, Session } from '../inventory/model.ts';
import { Refusal } from '../inventory/model.ts';
import { OutcomeUnknown, StoreUnavailable } from '../inventory/store.ts';
import type { Credentials } from '../protocol/argument-checks.ts';
import { encode, OK, type ProtocolVersion, type Reply, Status } from '../protocol/encoder.ts';
import { ErrorReply, ProtocolError } from '../protocol/error-codes.ts';
import {
  MAX_COMMAND_BYTES,
  MAX_COMMAND_BYTES_BEFORE_LOGIN,
  MAX_READ_AHEAD_BYTES,
  MAX_REQUESTS_IN_BATCH,
} from '../protocol/limits.ts';
import { RequestDecoder } from '../protocol/request-decoder.ts';
import { type Command, parseCommand } from '../protocol/verbs.ts';
import type { Entry, GroupCommit } from './group-commit.ts';
import type { OrderIds } from './order-ids.ts';
import { Output } from './output.ts';
import type { Passwords } from './passwords.ts';
import { encodeLongOutcome, encodeOutcome, sessionReply } from './replies.ts';
import { clientReply, commandReply } from './tools.ts';

/** What a connection needs of its server. */
export interface Host {
  readonly commit: GroupCommit;
  readonly passwords: Passwords;
  readonly orderIds: OrderIds;
  readonly version: string;
  /** The text of INFO. */
  info(): string;
  /** Asks for calls of `writeReplies` and then of `advance` when the batch is answered. */
  touched(connection: Connection): void;
  /** Asks for a call of `advance` when the queue has room again. */
  waiting(connection: Connection): void;
}

/** What a client is told. */
type Told = Outcome | StoreUnavailable;

export class Connection {
  readonly id: number;
  name: string | null = null;
  readonly #socket: Socket;
  readonly #host: Host;
  readonly #decoder = new RequestDecoder();
  readonly #address: string;
  #session: Session | null = null;
  #version: ProtocolVersion = 2;
  readonly #output: Output;
  #touched = false;
  /** What the clock says for requests that arrived together; 0 until it is asked. */
  #now = 0;
  /** Requests in the queue that are not answered yet. */
  #unanswered = 0;
  /** Later requests wait for this one: it decides who the client is, or its reply is large. */
  #blocked = false;
  /** The client sends no more. */
  #inputEnded = false;
  /** No more requests are taken; the connection ends when everything is answered. */
  #closing = false;

  constructor(id: number, socket: Socket, host: Host) {
    this.id = id;
    this.#socket = socket;
    this.#host = host;
    this.#output = new Output(socket, () => this.advance());
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
    });
  }

  /** Takes bytes of the client. `chunk` is the caller's again afterwards. */
  receive(chunk: Buffer): void {
    if (this.#inputEnded || this.#closing) return;
    this.#decoder.push(chunk);
    this.advance();
  }

  /** Takes as many requests as there are and as there is room for. */
  advance(): void {
    this.#now = 0;
    try {
      while (this.#mayTake()) {
        const words = this.#decoder.next(this.#maxCommandBytes());
        if (words === null) {
          if (this.#inputEnded) this.#closing = true;
          break;
        }
        const command = parseCommand(words);
        if (command instanceof ErrorReply) this.#answerInTurn(() => command);
        else this.#take(command);
      }
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.#closing = true;
      this.#answerInTurn(() => new ErrorReply(error.code, error.message));
    }
    if (this.#closing) this.#endWhenAnswered();
    else if (this.#output.isUnread || this.#decoder.buffered >= MAX_READ_AHEAD_BYTES)
      this.#socket.pause();
    else if (this.#socket.isPaused()) this.#socket.resume();
  }

  /** Called when the batch of a reply is answered. */
  writeReplies(): void {
    this.#touched = false;
    this.#output.flush();
  }

  /** Takes no more from the client than what has arrived. */
  stop(): void {
    this.#inputEnded = true;
    this.advance();
  }

  destroy(): void {
    this.#socket.destroy();
  }

  #mayTake(): boolean {
    if (this.#blocked || this.#closing || !this.#output.isClear) return false;
    if (this.#unanswered >= MAX_REQUESTS_IN_BATCH) return false;
    if (!this.#host.commit.full) return true;
    if (this.#decoder.buffered > 0 || this.#inputEnded) this.#host.waiting(this);
    return false;
  }

  #maxCommandBytes(): number {
    return this.#session === null ? MAX_COMMAND_BYTES_BEFORE_LOGIN : MAX_COMMAND_BYTES;
  }

  #take(command: Command): void {
    const session = this.#session;
    switch (command.verb) {
      case 'PURCHASE': {
        const { lines, order } = command;
        this.#now ||= Date.now();
        const at = this.#now;
        const named = order !== null;
        const { orderIds } = this.#host;
        const position = named ? orderIds.positionFor(order, at) : null;
        const id = order ?? orderIds.next(at);
        this.#settle({ kind: 'purchase', session, lines, order: id, named, at, position });
        return;
      }
      case 'ORDER':
        // A short request for a reply of any length: one at a time, so that unread ones cannot pile up.
        this.#blocked = true;
        this.#settle({ kind: 'order', session, order: command.order });
        return;
      case 'INVENTORY':
        this.#blocked = command.upcs.length === 0;
        this.#settle({ kind: 'inventory', session, upcs: command.upcs });
        return;
      case 'ORDERS':
        this.#blocked = true;
        this.#settle({ kind: 'orders', session, count: command.count, before: command.before });
        return;
      case 'WHOAMI':
        this.#settle({ kind: 'whoami', session });
        return;
      case 'LOGOUT':
        this.#blocked = true;
        this.#settle({ kind: 'logout', session }, (outcome) => {
          if (!isRefused(outcome)) this.#session = null;
          return encodeOutcome(outcome, this.#version);
        });
        return;
      case 'RESUME':
        this.#resume(hashOf(command.token));
        return;
      case 'LOGIN':
        void this.#checked(command.credentials, () => this.#login(command.credentials.user));
        return;
      case 'AUTH':
        void this.#checked(command.credentials, () => {
          this.#authenticate(command.credentials.user, () => OK);
        });
        return;
      case 'HELLO':
        this.#hello(command);
        return;
      case 'PING':
        this.#blocked = command.text !== null;
        this.#answerInTurn(() => command.text ?? PONG);
        return;
      case 'QUIT':
        this.#closing = true;
        this.#answerInTurn(() => OK);
        return;
      case 'INFO':
        this.#blocked = true;
        this.#answerInTurn(() => this.#host.info());
        return;
      case 'COMMAND':
        this.#blocked = true;
        this.#answerInTurn(() => commandReply(command.words));
        return;
      case 'CLIENT':
        this.#answerInTurn(() => clientReply(command.words, this));
    }
  }

  #login(user: string): void {
    const token = randomBytes(32).toString('base64url');
    const login = { tokenHash: hashOf(token), user, since: Date.now() };
    this.#settle({ kind: 'login', login }, (outcome) => {
      if (isRefused(outcome)) return encodeOutcome(outcome, this.#version);
      this.#session = login;
      return encode({ token, ...sessionReply(login) }, this.#version);
    });
  }

  #resume(tokenHash: string): void {
    this.#blocked = true;
    this.#settle({ kind: 'resume', tokenHash }, (outcome) => {
      if (!isRefused(outcome) && outcome.kind === 'session') this.#session = outcome.session;
      return encodeOutcome(outcome, this.#version);
    });
  }

  #hello({ version, credentials, name }: Extract<Command, { verb: 'HELLO' }>): void {
    this.#blocked = true;
    const greet = () => {
      if (version !== null) this.#version = version;
      if (name !== null) this.name = name;
      return {
        server: 'inv',
        version: this.#host.version,
        proto: this.#version,
        id: this.id,
        mode: 'standalone',
        role: 'master',
        modules: [],
      };
    };
    if (credentials === null) this.#answerInTurn(greet);
    else void this.#checked(credentials, () => this.#authenticate(credentials.user, greet));
  }

  /** Logs in for the life of this connection. */
  #authenticate(user: string, reply: () => Reply): void {
    this.#answerInTurn(() => {
      this.#session = { user, since: Date.now(), tokenHash: null };
      return reply();
    });
  }

  /** Checks a password away from the event loop; this connection's later requests wait for it. */
  async #checked(credentials: Credentials, accepted: () => void): Promise<void> {
    this.#blocked = true;
    const { passwords } = this.#host;
    // Counted from now on, so that the connection does not end under the check.
    this.#unanswered++;
    const full = passwords.isFull(credentials, this.#address);
    const isThere = () => !this.#socket.destroyed;
    const right = !full && (await passwords.check(credentials, this.#address, isThere));
    this.#unanswered--;
    if (right) accepted();
    else this.#answerInTurn(() => (full ? LOGINS_BUSY : WRONG_PASSWORD));
  }

  /** Answers without the store, after the requests before. `reply` is made when the turn comes. */
  #answerInTurn(reply: () => Reply): void {
    this.#enqueue(null, () => encode(reply(), this.#version));
  }

  /** Lets the store settle `request`. `finish` makes the reply's bytes, where there is more to do than that. */
  #settle(request: Request, finish?: (outcome: Told) => string): void {
    this.#enqueue(request, finish as ((outcome: Told | null) => string) | undefined);
  }

  #enqueue(request: Request | null, finish?: (outcome: Told | null) => string): void {
    this.#unanswered++;
    this.#host.commit.add(new Pending(this, request, this.#blocked, finish));
  }

  /** Called when the turn of `pending` has come. */
  answer(pending: Pending, outcome: Told | OutcomeUnknown | null): void {
    this.#unanswered--;
    if (pending.isBlocking) this.#blocked = false;
    // Said nothing, the client knows that it knows nothing: it asks again under the same order id.
    if (outcome instanceof OutcomeUnknown) {
      this.#closing = true;
      this.destroy();
      return;
    }
    if (pending.finish !== undefined) this.#output.add(pending.finish(outcome));
    else this.#tell(outcome as Told);
    if (!this.#touched) {
      this.#touched = true;
      this.#host.touched(this);
    }
  }

  #tell(outcome: Told): void {
    const long = encodeLongOutcome(outcome, this.#version);
    if (long !== null) this.#output.addLong(long);
    else this.#output.add(encodeOutcome(outcome, this.#version));
  }

  /**
   * Says good-bye when nothing is owed any more. Then reading goes on, into nowhere: closing a socket
   * with unread input would reset it, and a reset can destroy replies on their way.
   */
  #endWhenAnswered(): void {
    if (this.#unanswered > 0 || !this.#output.isWritten || this.#socket.writableEnded) return;
    const socket = this.#socket;
    // As long as the client takes the last replies; nothing that it sends shall count as that.
    socket.pause();
    socket.setTimeout(LINGER_MS);
    socket.end(() => {
      socket.setTimeout(0);
      linger(socket);
    });
  }
}

/** A request of a connection in the queue, or something to say in its turn. */
class Pending implements Entry {
  readonly connection: Connection;
  readonly request: Request | null;
  /** Later requests of the connection wait for this one. */
  readonly isBlocking: boolean;
  /** Makes the reply's bytes, where there is more to do than that. */
  readonly finish: ((outcome: Told | null) => string) | undefined;

  constructor(
    connection: Connection,
    request: Request | null,
    isBlocking: boolean,
    finish: Pending['finish'],
  ) {
    this.connection = connection;
    this.request = request;
    this.isBlocking = isBlocking;
    this.finish = finish;
  }

  answer(outcome: Told | OutcomeUnknown | null): void {
    this.connection.answer(this, outcome);
  }
}

/** Waits for a client, to whom everything is said, to close its side; but not for ever, whatever it sends. */
export function linger(socket: Socket): void {
  socket.resume();
  const timer = setTimeout(() => socket.destroy(), LINGER_MS);
  socket.on('close', () => clearTimeout(timer));
}

/** How long the server waits, after the last reply, for a client that does nothing to close its side. */
export const LINGER_MS = 2_000;

const PONG = new Status('PONG');
const WRONG_PASSWORD = new ErrorReply('WRONGPASS', 'unknown user or wrong password');
const LOGINS_BUSY = new ErrorReply('BUSY', 'too many logins at once; try again in a few seconds');

/** Tokens are known to the server by their SHA-256 only. */
function hashOf(token: string): string {
  return hash('sha256', token, 'base64url');
}

function isRefused(outcome: Told): outcome is Refusal | StoreUnavailable {
  return outcome instanceof Refusal || outcome instanceof StoreUnavailable;
}
