/** AUTH, LOGIN, RESUME, WHOAMI, ACL and LOGOUT: who the client is. */

import { isUtf8 } from 'node:buffer';
import { hash, randomBytes } from 'node:crypto';
import type { Login, Outcome, Request, Session } from '../inventory/model.ts';
import { NO_SESSION } from '../inventory/refusals.ts';
import { passwordFault, preparePassword } from '../password-text.ts';
import type { Credentials } from '../protocol/argument-checks.ts';
import { encode, fromWire, OK, type Reply, toWire } from '../protocol/encoder.ts';
import { ErrorReply } from '../protocol/error-codes.ts';
import { prepareName } from '../user-name.ts';
import {
  always,
  type Caller,
  type Command,
  defineVerb,
  MANY,
  notInTransaction,
  shopFields,
  type UserInForce,
  usageError,
  type Verb,
} from './verb.ts';

interface Authentication extends Command {
  readonly credentials: Credentials;
}

/** A password that was right logs in for the life of the connection. */
export interface PasswordCommand extends Authentication {
  /** Known when the password was right. */
  user: UserInForce | null;
}

export type SessionOutcome = Extract<Outcome, { kind: 'session' }>;

export const AUTH: Verb = defineVerb<PasswordCommand, SessionOutcome>({
  name: 'AUTH',
  syntax: 'user password|token',
  summary: 'log in for as long as this connection lives, or attach it to a login',
  words: [1, 2],
  access: 'anyone',
  parse: ([, name, password]) => {
    const token = password === undefined ? name : tokenIn(name as string, password);
    if (token !== null) return byToken(token as string);
    const credentials = credentialsOf(name as string, password as string);
    return credentials instanceof ErrorReply
      ? credentials
      : { verb: AUTH, credentials, user: null };
  },
  exclusive: always,
  inTransaction: () => notInTransaction('AUTH'),
  credentials: ({ credentials }) => credentials,
  request: requestOfPassword,
  encode: ({ session }, caller, { user }) => {
    caller.logIn(session, user as UserInForce);
    return encode(OK, caller.version);
  },
});

/** What RESUME finds is always a login that is kept. */
export type ResumeOutcome = SessionOutcome & { readonly session: Login };

export interface TokenCommand extends Command {
  readonly token: string;
}

/** What AUTH with one word is: RESUME for clients that know nothing but a password. It is no verb of the table. */
const AUTH_BY_TOKEN: Verb = defineVerb<TokenCommand, ResumeOutcome>({
  name: 'AUTH',
  syntax: AUTH.syntax,
  summary: AUTH.summary,
  words: AUTH.words,
  access: 'anyone',
  parse: () => usageError(AUTH),
  exclusive: always,
  inTransaction: () => notInTransaction('AUTH'),
  request: requestOfToken,
  encode: ({ session }, caller) => encode(attach(session, caller) ?? OK, caller.version),
});

/** The user whom clients name that know nothing but a password: Redis calls it so. */
const NO_USER = 'default';
const TOKEN = /^[\w-]{43}$/;

/** The token that a client without a user gives for a password, or null. */
export function tokenIn(user: string, password: string): string | null {
  return user === NO_USER && TOKEN.test(password) ? password : null;
}

/** A PasswordCommand only by its type: no other verb than its own looks into a command. */
function byToken(token: string): PasswordCommand {
  const command: TokenCommand = { verb: AUTH_BY_TOKEN, token };
  return command as Command as PasswordCommand;
}

/** Attaches the caller to the login that was found. Returns why not, or null. */
export function attach(session: Login, caller: Caller): ErrorReply | null {
  const user = caller.service.userOf(session);
  if (user === null) return NOT_RESUMED;
  caller.attach(session, user);
  return null;
}

export function requestOfToken({ token }: TokenCommand): Request {
  return { kind: 'resume', tokenHash: hashOf(token) };
}

/** The store is asked, so that an end of logins comes before a login or after it, on whatever server that is. */
export function requestOfPassword(
  command: PasswordCommand,
  { now, checked }: Pick<Caller, 'now' | 'checked'>,
): Request {
  command.user = checked;
  return { kind: 'auth', user: (checked as UserInForce).name, since: now };
}

interface LoginCommand extends PasswordCommand {
  /** Made when the password was right, and told only in the reply. */
  token: string;
}

export const LOGIN: Verb = defineVerb<LoginCommand, SessionOutcome>({
  name: 'LOGIN',
  syntax: 'user password',
  summary: 'make a login that outlives this connection, named by a token',
  words: [2, 2],
  access: 'anyone',
  parse: ([, name, password]) => {
    const credentials = credentialsOf(name as string, password as string);
    if (credentials instanceof ErrorReply) return credentials;
    return { verb: LOGIN, credentials, token: '', user: null };
  },
  exclusive: always,
  inTransaction: () => notInTransaction('LOGIN'),
  credentials: ({ credentials }) => credentials,
  request: (command, { now, checked }) => {
    const { name, credential } = checked as UserInForce;
    command.token = randomBytes(32).toString('base64url');
    command.user = checked;
    const tokenHash = hashOf(command.token);
    return { kind: 'login', login: { tokenHash, user: name, since: now, credential } };
  },
  encode: ({ session }, caller, { token, user }) => {
    caller.logIn(session, user as UserInForce);
    const reply = { token, ...sessionReply(session), ...shopFields(caller.service) };
    return encode(reply, caller.version);
  },
});

export const RESUME: Verb = defineVerb<TokenCommand, ResumeOutcome>({
  name: 'RESUME',
  syntax: 'token',
  summary: 'attach this connection to a login',
  words: [1, 1],
  access: 'anyone',
  parse: ([, token]) => ({ verb: RESUME, token: token as string }),
  exclusive: always,
  inTransaction: () => notInTransaction('RESUME'),
  request: requestOfToken,
  encode: ({ session }, caller) => {
    const refused = attach(session, caller);
    return encode(refused ?? sessionReply(session), caller.version);
  },
});

const NOT_RESUMED = new ErrorReply(NO_SESSION.code, NO_SESSION.message);

export const WHOAMI: Verb = defineVerb<Command, SessionOutcome>({
  name: 'WHOAMI',
  syntax: '',
  summary: 'who is logged in on this connection',
  words: [0, 0],
  access: 'user',
  parse: () => ({ verb: WHOAMI }),
  request: (_, { session }) => ({ kind: 'whoami', session }),
  encode: ({ session }, { version }) => encode(sessionReply(session), version),
});

export const ACL: Verb = defineVerb<Command, SessionOutcome>({
  name: 'ACL',
  syntax: 'WHOAMI',
  summary: 'the name of who is logged in, as Redis tools ask for it',
  words: [1, MANY],
  access: 'user',
  parse: ([, subcommand, ...others]): Command | ErrorReply =>
    subcommand?.toUpperCase() === 'WHOAMI' && others.length === 0 ? { verb: ACL } : usageError(ACL),
  request: (_, { session }) => ({ kind: 'whoami', session }),
  encode: ({ session }, { version }) => encode(toWire(session.user), version),
});

export const LOGOUT: Verb = defineVerb<Command, Extract<Outcome, { kind: 'loggedOut' }>>({
  name: 'LOGOUT',
  syntax: '',
  summary: 'delete the login',
  words: [0, 0],
  access: 'user',
  parse: () => ({ verb: LOGOUT }),
  exclusive: always,
  request: (_, { session }) => ({ kind: 'logout', session }),
  encode: (_, caller) => {
    caller.logOut();
    return encode(OK, caller.version);
  },
});

/**
 * A name and a password from wire strings. An empty password is one that nobody has: it is checked as a
 * wrong one.
 */
export function credentialsOf(name: string, password: string): Credentials | ErrorReply {
  if (!isText(name)) return NAME_NO_TEXT;
  if (!isText(password)) return PASSWORD_NO_TEXT;
  const given = fromWire(password);
  const fault = given === '' ? null : passwordFault(given);
  if (fault !== null) return new ErrorReply('ERR', `a password ${fault}`);
  return { user: prepareName(fromWire(name)), password: preparePassword(given) };
}

const NAME_NO_TEXT = new ErrorReply('ERR', "a user's name is UTF-8 text");
const PASSWORD_NO_TEXT = new ErrorReply('ERR', 'a password is UTF-8 text');

function isText(word: string): boolean {
  return isUtf8(Buffer.from(word, 'latin1'));
}

/** Tokens are known to the server by their SHA-256 only. */
function hashOf(token: string): string {
  return hash('sha256', token, 'base64url');
}

/** Who is logged in, without the token. */
function sessionReply({ user, since }: Session): { readonly [name: string]: Reply } {
  return { user: toWire(user), since };
}
