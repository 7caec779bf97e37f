/** Checks a name and a password that came on a connection, and logs it when they are refused. */
import type { Credentials } from '../protocol/argument-checks.ts';
import { ErrorReply } from '../protocol/error-codes.ts';
import type { UserInForce } from '../verbs/verb.ts';
import type { Log } from './log.ts';
import type { Passwords } from './passwords.ts';

/** Where they came from. */
interface Client {
  readonly address: string;
  readonly isDestroyed: boolean;
  /** Called when the password was wrong, and it waits until it may be told so. */
  readonly onPause?: () => void;
}

/** Returns the user, or why there is none. */
export async function checkLogin(
  credentials: Credentials,
  client: Client,
  { passwords, log }: { readonly passwords: Passwords; readonly log: Log },
): Promise<UserInForce | ErrorReply> {
  const { address, onPause } = client;
  // A name that is nobody's is not logged: people type their password in its place.
  const user = passwords.knows(credentials.user) ? credentials.user : null;
  if (passwords.isFull(credentials, address)) {
    log('login refused', { level: 'warn', user, why: 'too many wait', address });
    return LOGINS_BUSY;
  }
  try {
    const checked = await passwords.check(credentials, address, () => !client.isDestroyed, onPause);
    if (checked !== null) return checked;
  } catch (error) {
    // No memory is left for a hash, for example.
    log('login refused', { level: 'error', user, why: (error as Error).message, address });
    return LOGINS_BUSY;
  }
  log('login failed', { level: 'warn', user, address });
  return WRONG_PASSWORD;
}

const WRONG_PASSWORD = new ErrorReply('WRONGPASS', 'unknown user or wrong password');
const LOGINS_BUSY = new ErrorReply('BUSY', 'too many logins at once; try again in a few seconds');
