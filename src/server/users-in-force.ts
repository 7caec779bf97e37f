/** The users who may log in now. They are replaced as a whole, when the operator has changed them. */
import { randomBytes } from 'node:crypto';
import type { Login } from '../inventory/model.ts';
import {
  credentialOf,
  effortOf,
  type PasswordHash,
  parsePasswordHash,
  USUAL_COST,
} from '../inventory/password-hash.ts';
import type { User } from '../inventory/users.ts';
import type { UserInForce } from '../verbs/verb.ts';

export class KnownUser implements UserInForce {
  readonly name: string;
  readonly credential: string;
  readonly hash: PasswordHash;
  isInForce = true;
  /** A keyed digest of the password, once it was given and was right. */
  verified: string | null = null;

  constructor({ name, password }: User) {
    this.name = name;
    this.credential = credentialOf(password);
    this.hash = parsePasswordHash(password);
  }
}

/** What a new list has changed. */
export interface UserChanges {
  /** How many users there are now. */
  readonly users: number;
  /** Names, the first MAX_TOLD of each. */
  readonly added: readonly string[];
  readonly removed: readonly string[];
  readonly otherPassword: readonly string[];
  /** How many names are not told. */
  readonly untold: number;
}

/** Names in one line of the log. */
const MAX_TOLD = 20;

export class UsersInForce {
  #byName = new Map<string, KnownUser>();
  /** Checked in place of the hash of a user who does not exist. Nobody has its password; its cost is the highest of all. */
  decoy: PasswordHash = decoyLike([]);

  /** Each name once, and each password a hash that parsePasswordHash takes. */
  constructor(users: readonly User[]) {
    this.replace(users);
  }

  find(name: string): KnownUser | undefined {
    return this.#byName.get(name);
  }

  userOf({ user: name, credential }: Login): KnownUser | null {
    const user = this.#byName.get(name);
    return user?.credential === credential ? user : null;
  }

  /** Takes a new list. Users who stand in it with the password that they had stay who they are. */
  replace(users: readonly User[]): UserChanges {
    const before = this.#byName;
    const after = new Map<string, KnownUser>();
    const [added, removed, otherPassword] = [[], [], []] as [string[], string[], string[]];
    for (const user of users) {
      const { name } = user;
      const known = before.get(name);
      const stays = known?.credential === credentialOf(user.password);
      after.set(name, stays ? known : new KnownUser(user));
      if (known === undefined) added.push(name);
      else if (!stays) otherPassword.push(name);
    }
    for (const [name, known] of before) {
      known.isInForce = after.get(name) === known;
      if (!after.has(name)) removed.push(name);
    }
    this.#byName = after;
    this.decoy = decoyLike([...after.values()].map(({ hash }) => hash));
    const lists = [added, removed, otherPassword];
    return {
      users: after.size,
      added: added.slice(0, MAX_TOLD),
      removed: removed.slice(0, MAX_TOLD),
      otherPassword: otherPassword.slice(0, MAX_TOLD),
      untold: lists.reduce((sum, names) => sum + Math.max(0, names.length - MAX_TOLD), 0),
    };
  }
}

function decoyLike(hashes: readonly PasswordHash[]): PasswordHash {
  const [first = USUAL_COST, ...others] = hashes;
  const { ln, r, p } = others.reduce(
    (most, one) => (effortOf(one) > effortOf(most) ? one : most),
    first,
  );
  return { ln, r, p, salt: randomBytes(16), hash: randomBytes(32) };
}
