/** The way to the running server: requests on a connection, again when the server died under them. */
import { setTimeout as pause } from 'node:timers/promises';
import { ErrorReply } from '../../../src/protocol/error-codes.ts';
import type { ReplyValue } from '../../../src/protocol/reply-decoder.ts';
import { Gate } from '../kill/gate.ts';
import { Lost, Unavailable, WireClient } from '../support/wire-client.ts';

/** A store that is away refuses at once, and who has been ended may come again. */
export const PAUSE_MS = 20;

export class ShopDoor extends Gate {
  /** Tells the server that files have changed; does nothing while none listens. */
  reload: () => void = () => undefined;

  /**
   * Runs `use` on a connection that is not logged in. When the connection is lost, all of it happens again
   * on the next one; so it must be what may be done twice.
   */
  async visit<Result>(use: (client: WireClient) => Promise<Result>): Promise<Result> {
    for (;;) {
      let client: WireClient | undefined;
      try {
        client = await WireClient.open(await this.port());
        return await use(client);
      } catch (error) {
        if (!(error instanceof Lost)) throw error;
        await pause(error instanceof Unavailable ? PAUSE_MS : 1);
      } finally {
        client?.drop();
      }
    }
  }
}

/** The token of a new login; null when the password is not in force. */
export async function logIn(
  client: WireClient,
  user: string,
  password: string,
): Promise<string | null> {
  const reply = await client.send('LOGIN', user, password);
  if (hasCode(reply, 'WRONGPASS')) return null;
  const token = reply instanceof Map ? reply.get('token') : null;
  if (typeof token !== 'string') throw new Error(`LOGIN of ${user} was answered ${String(reply)}`);
  return token;
}

export function hasCode(reply: ReplyValue, code: string): boolean {
  return reply instanceof ErrorReply && reply.code === code;
}
