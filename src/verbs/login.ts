/** AUTH, LOGIN, RESUME, WHOAMI and LOGOUT: who the client is. */
import { hash, randomBytes } from 'node:crypto';
import type { Outcome, Session } from '../inventory/model.ts';
import { type Credentials, detached } from '../protocol/argument-checks.ts';
import { encode, OK, type Reply, toWire } from '../protocol/encoder.ts';
import { always, type Caller, type Command, defineVerb, shopFields, type Verb } from './verb.ts';

interface Authentication extends Command {
  readonly credentials: Credentials;
}

type SessionOutcome = Extract<Outcome, { kind: 'session' }>;

export const AUTH: Verb = defineVerb<Authentication>({
  name: 'AUTH',
  syntax: 'user password',
  summary: 'log in for as long as this connection lives',
  words: [2, 2],
  access: 'anyone',
  parse: (words) => ({ verb: AUTH, credentials: credentialsOf(words) }),
  exclusive: always,
  credentials: ({ credentials }) => credentials,
  answer: ({ credentials }, caller) => {
    authenticate(caller, credentials);
    return OK;
  },
});

/** Logs the caller in for the life of its connection. The password was right. */
export function authenticate(caller: Caller, { user }: Credentials): void {
  caller.session = { user: detached(user), since: caller.now, tokenHash: null };
}

interface LoginCommand extends Authentication {
  /** Made when the password was right, and told only in the reply. */
  token: string;
}

export const LOGIN: Verb = defineVerb<LoginCommand, SessionOutcome>({
  name: 'LOGIN',
  syntax: 'user password',
  summary: 'make a login that outlives this connection, named by a token',
  words: [2, 2],
  access: 'anyone',
  parse: (words) => ({ verb: LOGIN, credentials: credentialsOf(words), token: '' }),
  exclusive: always,
  credentials: ({ credentials }) => credentials,
  request: (command, { now }) => {
    command.token = randomBytes(32).toString('base64url');
    const user = detached(command.credentials.user);
    return { kind: 'login', login: { tokenHash: hashOf(command.token), user, since: now } };
  },
  encode: ({ session }, caller, { token }) => {
    caller.session = session;
    const reply = { token, ...sessionReply(session), ...shopFields(caller.service) };
    return encode(reply, caller.version);
  },
});

export const RESUME: Verb = defineVerb<Command & { readonly token: string }, SessionOutcome>({
  name: 'RESUME',
  syntax: 'token',
  summary: 'attach this connection to a login',
  words: [1, 1],
  access: 'anyone',
  parse: ([, token]) => ({ verb: RESUME, token: token as string }),
  exclusive: always,
  request: ({ token }) => ({ kind: 'resume', tokenHash: hashOf(token) }),
  encode: ({ session }, caller) => {
    caller.session = session;
    return encode(sessionReply(session), caller.version);
  },
});

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
    caller.session = null;
    return encode(OK, caller.version);
  },
});

function credentialsOf([, user, password]: readonly string[]): Credentials {
  return { user: user as string, password: password as string };
}

/** Tokens are known to the server by their SHA-256 only. */
function hashOf(token: string): string {
  return hash('sha256', token, 'base64url');
}

/** Who is logged in, without the token. */
function sessionReply({ user, since }: Session): { readonly [name: string]: Reply } {
  return { user: toWire(user), since };
}
