/** Who may ask a command of a server. */
import { NOT_LOGGED_IN, USER_CHANGED } from '../inventory/refusals.ts';
import { ErrorReply } from '../protocol/error-codes.ts';
import { subscribeModeError } from './subscribe-mode.ts';
import type { Caller, Command } from './verb.ts';

/** Why this caller may not ask `command`, or null. Called once for each request, before the queue. */
export function guard(
  command: Command,
  {
    session,
    user,
    subscriber,
    version,
    service,
  }: Pick<Caller, 'session' | 'user' | 'subscriber' | 'version' | 'service'>,
): ErrorReply | null {
  const { name, access, bounds, inSubscribeMode } = command.verb;
  if (subscriber.size > 0 && version === 2 && !inSubscribeMode) return subscribeModeError(name);
  if (access !== 'user') return null;
  if (session === null) return NO_AUTH;
  if (user?.isInForce !== true) return NO_USER;
  return bounds === null ? null : bounds(command, service);
}

export const NO_AUTH = new ErrorReply(NOT_LOGGED_IN.code, NOT_LOGGED_IN.message);
const NO_USER = new ErrorReply(USER_CHANGED.code, USER_CHANGED.message);
