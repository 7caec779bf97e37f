import { USERS } from '../../src/inventory/users.ts';
import { UsersInForce } from '../../src/server/users-in-force.ts';

/** The users of the demonstration, as a server that was just started has them. */
export function demonstrationUsers(): UsersInForce {
  return new UsersInForce(USERS);
}
