/** Who asks: HTTP Basic with the name and password of a user of the shop, as a login has them. */
import type { IncomingMessage } from 'node:http';
import { passwordFault, preparePassword } from '../password-text.ts';
import type { Credentials } from '../protocol/argument-checks.ts';
import { ErrorReply } from '../protocol/error-codes.ts';
import type { Log } from '../server/log.ts';
import { checkLogin } from '../server/login-check.ts';
import type { Passwords } from '../server/passwords.ts';
import { prepareName } from '../user-name.ts';
import type { Visit } from './http-port.ts';
import { type HttpReply, line } from './reply.ts';

/** The user's name, or the reply that refuses. A wrong password is told as late as to any client. */
export async function visitorOf(
  request: IncomingMessage,
  { gone, pauses }: Visit,
  host: { readonly passwords: Passwords; readonly log: Log },
): Promise<string | HttpReply> {
  const credentials = credentialsIn(request.headers.authorization ?? '');
  if (credentials === null) return LOGIN_FIRST;
  const client = {
    address: request.socket.remoteAddress ?? '',
    get isDestroyed() {
      return gone.aborted;
    },
    onPause: pauses,
  };
  const user = await checkLogin(credentials, client, host);
  if (!(user instanceof ErrorReply)) return user.name;
  return user.code === 'WRONGPASS' ? LOGIN_FIRST : TOO_MANY_LOGINS;
}

/** The name and password in an Authorization header, or null when there are none that a user could have. */
function credentialsIn(header: string): Credentials | null {
  const [, base64] = /^Basic +([A-Za-z0-9+/=]+) *$/i.exec(header) ?? [];
  if (base64 === undefined) return null;
  const text = Buffer.from(base64, 'base64').toString();
  const colon = text.indexOf(':');
  if (colon < 1) return null;
  const password = text.slice(colon + 1);
  if (passwordFault(password) !== null) return null;
  return { user: prepareName(text.slice(0, colon)), password: preparePassword(password) };
}

const LOGIN_FIRST = line(401, 'log in with the name and password of a user of the shop', {
  'WWW-Authenticate': 'Basic realm="inv", charset="UTF-8"',
});

const TOO_MANY_LOGINS = line(503, 'too many logins at once; try again in a few seconds', {
  'Retry-After': '5',
});
