/** HELLO: the version of the replies, and a login with it, as Redis clients begin. */
import { type Credentials, detached } from '../protocol/argument-checks.ts';
import { encode, type ProtocolVersion, type Reply } from '../protocol/encoder.ts';
import { ErrorReply } from '../protocol/error-codes.ts';
import {
  attach,
  credentialsOf,
  type PasswordCommand,
  type ResumeOutcome,
  requestOfPassword,
  requestOfToken,
  type SessionOutcome,
  type TokenCommand,
  tokenIn,
} from './login.ts';
import {
  always,
  type Caller,
  type Command,
  defineVerb,
  notInTransaction,
  shopFields,
  type UserInForce,
  usageError,
  type Verb,
} from './verb.ts';

/** The version and the name are null when they stay as they are. */
interface Choices {
  readonly version: ProtocolVersion | null;
  readonly name: string | null;
}

interface Hello extends Command, Choices {}

export const HELLO: Verb = defineVerb<Hello>({
  name: 'HELLO',
  syntax: '[2|3 [AUTH user password] [SETNAME name]]',
  summary: 'choose the protocol version, and log in for this connection',
  words: [0, 6],
  access: 'anyone',
  parse: parseHello,
  exclusive: always,
  answer: welcome,
});

/** What HELLO is with AUTH, whatever it logs in with. */
const WITH_AUTH = {
  name: HELLO.name,
  syntax: HELLO.syntax,
  summary: HELLO.summary,
  words: HELLO.words,
  access: 'anyone',
  parse: () => usageError(HELLO),
  exclusive: always,
  inTransaction: () => notInTransaction('HELLO with AUTH'),
} as const;

interface HelloByPassword extends PasswordCommand, Choices {}

/** What HELLO is with a password. It is no verb of the table. */
const HELLO_BY_PASSWORD: Verb = defineVerb<HelloByPassword, SessionOutcome>({
  ...WITH_AUTH,
  credentials: ({ credentials }) => credentials,
  request: requestOfPassword,
  encode: ({ session }, caller, command) => {
    caller.logIn(session, command.user as UserInForce);
    return encode(welcome(command, caller), caller.version);
  },
});

interface HelloByToken extends TokenCommand, Choices {}

/** What HELLO is with a token for a password. It is no verb of the table. */
const HELLO_BY_TOKEN: Verb = defineVerb<HelloByToken, ResumeOutcome>({
  ...WITH_AUTH,
  request: requestOfToken,
  encode: ({ session }, caller, command) => {
    const reply = attach(session, caller) ?? welcome(command, caller);
    return encode(reply, caller.version);
  },
});

/** Does what was chosen, and tells what is so then. */
function welcome({ version, name }: Choices, caller: Caller): Reply {
  if (version !== null) caller.version = version;
  if (name !== null) caller.name = detached(name);
  return {
    server: 'inv',
    version: caller.service.version,
    proto: caller.version,
    id: caller.id,
    mode: 'standalone',
    role: 'master',
    modules: [],
    ...shopFields(caller.service),
  };
}

function parseHello(words: readonly string[]): Hello | ErrorReply {
  const given = words[1];
  if (given === undefined) return { verb: HELLO, version: null, name: null };
  if (given !== '2' && given !== '3') {
    return new ErrorReply('NOPROTO', 'this server speaks RESP 2 and 3');
  }
  const version = given === '3' ? 3 : 2;
  let login: readonly [user: string, password: string] | null = null;
  let name: string | null = null;
  for (let index = 2; index < words.length; ) {
    const option = (words[index] as string).toUpperCase();
    if (option === 'AUTH' && login === null && index + 2 < words.length) {
      login = [words[index + 1] as string, words[index + 2] as string];
      index += 3;
    } else if (option === 'SETNAME' && name === null && index + 1 < words.length) {
      name = words[index + 1] as string;
      index += 2;
    } else {
      return usageError(HELLO);
    }
  }
  const hello: Hello = { verb: HELLO, version, name };
  if (login === null) return hello;
  const token = tokenIn(...login);
  if (token !== null) return helloByToken(token, hello);
  const credentials = credentialsOf(...login);
  return credentials instanceof ErrorReply ? credentials : helloByPassword(credentials, hello);
}

// A Hello only by their types: no other verb than its own looks into a command.

function helloByToken(token: string, { version, name }: Choices): Hello {
  const command: HelloByToken = { verb: HELLO_BY_TOKEN, version, token, name };
  return command;
}

function helloByPassword(credentials: Credentials, { version, name }: Choices): Hello {
  const command: HelloByPassword = {
    ...{ verb: HELLO_BY_PASSWORD, credentials, user: null },
    ...{ version, name },
  };
  return command;
}
