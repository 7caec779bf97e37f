/** HELLO: the version of the replies, and a login with it, as Redis clients begin. */
import { type Credentials, detached } from '../protocol/argument-checks.ts';
import { encode, type ProtocolVersion, type Reply } from '../protocol/encoder.ts';
import { ErrorReply } from '../protocol/error-codes.ts';
import {
  attach,
  authenticate,
  credentialsOf,
  type ResumeOutcome,
  requestOfToken,
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
  usageError,
  type Verb,
} from './verb.ts';

/** The version and the name are null when they stay as they are. */
interface Choices {
  readonly version: ProtocolVersion | null;
  readonly name: string | null;
}

interface Hello extends Command, Choices {
  readonly credentials: Credentials | null;
}

export const HELLO: Verb = defineVerb<Hello>({
  name: 'HELLO',
  syntax: '[2|3 [AUTH user password] [SETNAME name]]',
  summary: 'choose the protocol version, and log in for this connection',
  words: [0, 6],
  access: 'anyone',
  parse: parseHello,
  exclusive: always,
  inTransaction: ({ credentials }) =>
    credentials === null ? 'queued' : notInTransaction('HELLO with AUTH'),
  credentials: ({ credentials }) => credentials,
  answer: (command, caller) => {
    if (command.credentials !== null) authenticate(caller);
    return welcome(command, caller);
  },
});

interface HelloByToken extends TokenCommand, Choices {}

/** What HELLO is with a token for a password. It is no verb of the table. */
const HELLO_BY_TOKEN: Verb = defineVerb<HelloByToken, ResumeOutcome>({
  name: HELLO.name,
  syntax: HELLO.syntax,
  summary: HELLO.summary,
  words: HELLO.words,
  access: 'anyone',
  parse: () => usageError(HELLO),
  exclusive: always,
  inTransaction: () => notInTransaction('HELLO with AUTH'),
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
  if (given === undefined) return { verb: HELLO, version: null, credentials: null, name: null };
  if (given !== '2' && given !== '3') {
    return new ErrorReply('NOPROTO', 'this server speaks RESP 2 and 3');
  }
  const version = given === '3' ? 3 : 2;
  let login: readonly [user: string, password: string] | null = null;
  let name: string | null = null;
  for (let index = 2; index < words.length; ) {
    const option = (words[index] as string).toUpperCase();
    if (option === 'AUTH' && index + 2 < words.length) {
      login = [words[index + 1] as string, words[index + 2] as string];
      index += 3;
    } else if (option === 'SETNAME' && index + 1 < words.length) {
      name = words[index + 1] as string;
      index += 2;
    } else {
      return usageError(HELLO);
    }
  }
  const token = login === null ? null : tokenIn(...login);
  if (token !== null) return helloByToken(token, version, name);
  const credentials = login === null ? null : credentialsOf(...login);
  if (credentials instanceof ErrorReply) return credentials;
  return { verb: HELLO, version, credentials, name };
}

/** A Hello only by its type: no other verb than its own looks into a command. */
function helloByToken(token: string, version: ProtocolVersion, name: string | null): Hello {
  const command: HelloByToken = { verb: HELLO_BY_TOKEN, version, token, name };
  return command as Command as Hello;
}
