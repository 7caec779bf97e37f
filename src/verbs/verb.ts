/**
 * What a verb is. A file of this folder holds a family of verbs, with all that the wire needs of them:
 * syntax, bounds, who may ask, parsing, and the reply's bytes. What is decided is not here: `request`
 * names it, and inventory/rules.ts decides it.
 */
import {
  type Login,
  type Outcome,
  Refusal,
  type Request,
  type Session,
} from '../inventory/model.ts';
import type { ShopIdentity } from '../inventory/store.ts';
import { NamedError } from '../named-error.ts';
import type { Credentials } from '../protocol/argument-checks.ts';
import { encode, type ProtocolVersion, type Reply } from '../protocol/encoder.ts';
import { ErrorReply } from '../protocol/error-codes.ts';
import { MAX_ARGUMENTS } from '../protocol/limits.ts';
import type { OwnChannels } from './subscribe-mode.ts';

/** A request whose words were checked: its verb, and what the verb read in them. Texts are wire strings. */
export interface Command {
  readonly verb: Verb;
}

/** A user who may log in, as the users that are in force have it. */
export interface UserInForce {
  readonly name: string;
  /** Names the present password; see Login. */
  readonly credential: string;
  /** False, for ever, once the user was removed or has another password. */
  readonly isInForce: boolean;
}

/** The connection that a request came on, as its verb sees and changes it. */
export interface Caller {
  /** No two connections of a running server have the same. */
  readonly id: number;
  /** What CLIENT SETNAME said; a wire string. */
  name: string | null;
  version: ProtocolVersion;
  /** Who is logged in, as long as `user` is in force. */
  readonly session: Session | null;
  readonly user: UserInForce | null;
  /** Whose password was right, for the verb that had it checked. */
  readonly checked: UserInForce | null;
  /** What was asked since MULTI; null outside of a transaction. */
  transaction: OpenTransaction | null;
  readonly subscriber: OwnChannels;
  /** The server's clock, milliseconds since 1970 UTC, read once for the requests that arrive together. */
  readonly now: number;
  readonly service: Service;
  /** Takes note of a login that was made: the password was right. */
  logIn(session: Session, user: UserInForce): void;
  /** Takes note of a login from before to which the connection is attached. */
  attach(session: Session, user: UserInForce): void;
  /** Takes note that the login was ended; the channels of the connection end with it. */
  logOut(): void;
  /** Forgets the login, which may live on, and the channels with it. */
  detach(): void;
  /** Takes no more requests, and closes when every reply is written. */
  close(): void;
}

/** The requests of a client that wait for its EXEC. Only verbs/transaction.ts changes it. */
export interface OpenTransaction {
  commands: Command[];
  /** What the requests take, as they were sent in the array form. */
  bytes: number;
  /** What they take in memory, about. */
  keptBytes: number;
  /** In lines, as `work` of a verb. */
  work: number;
  /** Whether one of its requests was refused: then EXEC does nothing. */
  isAborted: boolean;
}

/** What becomes of a request inside a transaction. An error refuses it, and EXEC will do nothing. */
export type InTransaction = 'queued' | 'at once' | ErrorReply;

/** What a request is answered when it is taken: with a reply, or with what becomes of another command. */
export type Taken = { readonly reply: Reply } | { readonly instead: Command };

/** What the operator allows of holds. */
export interface HoldBounds {
  /** How long units are held, in seconds; 0: not at all. */
  readonly maxSeconds: number;
  /** Live holds of one user. */
  readonly maxHolds: number;
}

/** What verbs need of the server. */
export interface Service {
  /** The version of the program. */
  readonly version: string;
  readonly identity: ShopIdentity;
  readonly holdBounds: HoldBounds;
  readonly orderIds: {
    next(now: number): string;
    positionFor(id: string, now: number): string | null;
  };
  /** The time of the shop, by which holds end, in milliseconds since 1970 UTC. No store is asked. */
  shopTime(): number;
  /** What INFO tells. */
  figures(): Figures;
  /** The user of a login; null when the user was removed or has another password. */
  userOf(login: Login): UserInForce | null;
  /** Takes note that a rule said no. */
  refused(refusal: Refusal): void;
}

/** Figures by the name of each, under the titles of INFO's sections. */
export type Figures = Readonly<Record<string, Readonly<Record<string, string | number>>>>;

interface Facts {
  /** In capitals. */
  readonly name: string;
  /** The arguments, as PROTOCOL.md shows them; empty when there are none. */
  readonly syntax: string;
  readonly summary: string;
  /** Words behind the verb, at least and at most. */
  readonly words: readonly [least: number, most: number];
  /** Who may ask: guard.ts enforces it. */
  readonly access: 'anyone' | 'user';
}

/** Whether a RESP2 connection may ask it that is subscribed to something: there, replies and messages look alike. */
interface SubscribeMode {
  readonly inSubscribeMode: boolean;
}

/** A verb with the types of its own command (C) and of the outcomes that it is answered with (O). */
interface Definition<C extends Command, O extends Outcome> extends Facts, Partial<SubscribeMode> {
  /** Takes all words, the verb first. Their number is within the bounds. */
  parse(words: readonly string[]): C | ErrorReply;
  /**
   * Whether later requests of the connection wait for the reply, because it decides who the client is
   * or because it can be long. Without it: never.
   */
  exclusive?(command: C): boolean;
  /** The password to check before anything else is done; null for none. */
  credentials?(command: C): Credentials | null;
  /** Why this server, as its operator has set it, does not take the command. Without it: it takes all. */
  bounds?(command: C, service: Service): ErrorReply | null;
  /** Without it: 'queued'. */
  inTransaction?(command: C): InTransaction;
  /** What the store is asked. A verb has this and `encode`, or else `answer`, or else `take`. */
  request?(command: C, caller: Caller): Request;
  /**
   * The bytes of the reply that tells `outcome`: whole, or in parts of about a millisecond of work. May
   * change the caller. Refusals never come here: they are error replies, whatever the verb.
   */
  encode?(outcome: O, caller: Caller, command: C): string | Iterator<string>;
  /**
   * What follows in the same reply, when `outcome` is only its first part: a command of this verb, which
   * is asked when the client has read the parts before. Only of a verb that is exclusive. Throws
   * BrokenReply when the reply cannot be finished.
   */
  rest?(outcome: O, command: C): C | null;
  /** How much work it is, in lines (see server/heavy-lane.ts). Without it: that of any usual request. */
  work?(command: C): number;
  /** The reply of a verb that asks no store, made when its turn has come. May change the caller. */
  answer?(command: C, caller: Caller): Reply;
  /**
   * The reply of a verb that decides what becomes of the requests behind it: called at once, while earlier
   * requests may still be unanswered.
   */
  take?(command: C, caller: Caller): Taken;
}

/** A verb of the table; its command's type is known only to the verb itself. */
export interface Verb extends Facts, SubscribeMode {
  readonly parse: (words: readonly string[]) => Command | ErrorReply;
  readonly exclusive: (command: Command) => boolean;
  readonly credentials: ((command: Command) => Credentials | null) | null;
  readonly bounds: ((command: Command, service: Service) => ErrorReply | null) | null;
  readonly inTransaction: (command: Command) => InTransaction;
  /** Null when the verb asks no store: then it has `answer` or `take`. */
  readonly request: ((command: Command, caller: Caller) => Request) | null;
  readonly encode: (
    outcome: Outcome,
    caller: Caller,
    command: Command,
  ) => string | Iterator<string>;
  readonly rest: ((outcome: Outcome, command: Command) => Command | null) | null;
  readonly work: (command: Command) => number;
  readonly answer: (command: Command, caller: Caller) => Reply;
  readonly take: ((command: Command, caller: Caller) => Taken) | null;
}

/**
 * Makes every verb, with the same fields in the same order: one hidden class, so that what looks at
 * verbs for each request stays monomorphic. Only `parse` of a verb makes its commands, so what takes
 * them gets the type that it expects.
 */
export function defineVerb<C extends Command, O extends Outcome = never>(
  definition: Definition<C, O>,
): Verb {
  const { name, syntax, summary, words, access, parse, inSubscribeMode = false } = definition;
  const {
    exclusive,
    credentials,
    bounds,
    inTransaction,
    request,
    encode,
    rest,
    work,
    answer,
    take,
  } = definition as Definition<Command, Outcome>;
  if ((request === undefined) !== (encode === undefined))
    throw new Error(`${name}: half a request`);
  const replies = [request, answer, take].filter((reply) => reply !== undefined);
  if (replies.length !== 1) throw new Error(`${name}: one reply`);
  return {
    name,
    syntax,
    summary,
    words,
    access,
    inSubscribeMode,
    parse,
    exclusive: exclusive ?? never,
    credentials: credentials ?? null,
    bounds: bounds ?? null,
    inTransaction: inTransaction ?? queued,
    request: request ?? null,
    encode: encode ?? hasNone,
    rest: rest ?? null,
    work: work ?? usual,
    answer: answer ?? hasNone,
    take: take ?? null,
  };
}

/** The fields that tell a client which shop it talks to, and since when nothing in it was taken back. */
export function shopFields({ identity }: Service): { readonly [name: string]: Reply } {
  return { shop: identity.shop, shop_since: identity.since };
}

/** A reply that has begun cannot be finished: the connection must end. */
export class BrokenReply extends NamedError {}

/** For `exclusive`. */
export const always = (): boolean => true;
const never = (): boolean => false;
const usual = (): number => 1;
const queued = (): InTransaction => 'queued';

/** For `inTransaction`. */
export const atOnce = (): InTransaction => 'at once';

/** Why `what` is refused inside a transaction, in the words that Redis has for WATCH. */
export function notInTransaction(what: string): ErrorReply {
  return new ErrorReply('ERR', `${what} inside MULTI is not allowed`);
}

/** Whether `command` logs somebody in: the store is asked, and nobody need be logged in. */
export function decidesWhoAsks({ verb }: Command): boolean {
  return verb.access === 'anyone' && verb.request !== null;
}

/** Work of a request whose reply can be long although the request is short. */
export const WORK_OF_LONG_REPLY = 100;

/** The bytes that tell `outcome` of `command`, a refusal too. */
export function encodeOutcome(
  outcome: Outcome,
  caller: Caller,
  command: Command,
): string | Iterator<string> {
  if (!(outcome instanceof Refusal)) return command.verb.encode(outcome, caller, command);
  caller.service.refused(outcome);
  return encode(new ErrorReply(outcome.code, outcome.message), caller.version);
}

function hasNone(): never {
  throw new Error('this verb is not answered in this way');
}

/** Words behind a verb that takes any number of them. */
export const MANY = MAX_ARGUMENTS - 1;

/** The error for too few, too many or misplaced words: the verb's syntax, in ASCII. */
export function usageError({ name, syntax }: Verb): ErrorReply {
  return new ErrorReply('ERR', `usage: ${name} ${syntax.replaceAll('…', '...')}`.trim());
}

/** Whether `word` is this option, in any case. Most clients write capitals, and comparing is cheaper than making a string. */
export function isOption(word: string, option: string): boolean {
  return word === option || word.toUpperCase() === option;
}
