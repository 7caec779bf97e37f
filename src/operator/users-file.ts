/** The file of users as the operator changes it: whole, on the disk, and without losing what others write. */
import {
  closeSync,
  fchmodSync,
  fchownSync,
  fsyncSync,
  lstatSync,
  openSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, resolve } from 'node:path';
import { CommandFailure, ExitCode } from '../cli/command-failure.ts';
import { withLock } from '../cli/file-lock.ts';
import { whyUnread, whyUnwritten } from '../file-reasons.ts';
import { hashPassword } from '../inventory/password-hash.ts';
import { readUsers, UsersFault } from '../inventory/read-users.ts';
import type { User } from '../inventory/users.ts';
import { removeLeftover } from '../leftover.ts';
import { NameNotConfirmed, renameSynced } from '../sync-folder.ts';
import { fileName } from './data-address.ts';
import { usageFailure } from './words.ts';

/** Whose a file is, and who may do what with it. */
interface Owner {
  readonly uid: number;
  readonly gid: number;
  readonly mode: number;
}

/** Readable by its owner only: who has the hashes can try passwords as fast as their machine is. */
const OWNER_ONLY = 0o600;

export class UsersFile {
  /** As it was given: what people are told. */
  readonly #name: string;
  readonly #path: string;

  /** Throws a usage failure when `name` is no file's. */
  constructor(name: string) {
    this.#name = fileName('--users', name);
    this.#path = realPath(name);
  }

  /** Throws a usage failure when the file is not there, cannot be read, or has a fault. */
  read(): User[] {
    const users = this.#load();
    if (users === null)
      throw usageFailure(`cannot read the users ${this.#name}: there is no such file`);
    return users;
  }

  /** Throws, as `add` does, when there is such a user. */
  checkAbsent(name: string): void {
    this.#mustLack(name, this.#load() ?? []);
  }

  /** Throws, as `setPassword` does, when there is no such user. */
  checkPresent(name: string): void {
    this.#mustHave(name, this.read());
  }

  /** Adds a user, and makes the file when it is not there. Throws a CommandFailure; then nothing was changed. */
  async add(name: string, password: string): Promise<void> {
    const user = { name, password: await hashPassword(password) };
    this.#change(() => {
      const users = this.#load() ?? [];
      this.#mustLack(name, users);
      return [...users, user];
    });
  }

  /** Throws a CommandFailure; then nothing was changed. */
  async setPassword(name: string, password: string): Promise<void> {
    const user = { name, password: await hashPassword(password) };
    this.#change(() => {
      const users = this.read();
      this.#mustHave(name, users);
      return users.map((one) => (one.name === name ? user : one));
    });
  }

  /** Returns how many users are left. Throws a CommandFailure; then nothing was changed. */
  remove(name: string): number {
    return this.#change(() => {
      const users = this.read();
      this.#mustHave(name, users);
      return users.filter((one) => one.name !== name);
    }).length;
  }

  #mustLack(name: string, users: readonly User[]): void {
    if (users.every((one) => one.name !== name)) return;
    throw refusal('EXISTS', `${name} is in ${this.#name} already; nothing was changed`);
  }

  #mustHave(name: string, users: readonly User[]): void {
    if (users.some((one) => one.name === name)) return;
    throw refusal('NOUSER', `there is no user ${name} in ${this.#name}; nothing was changed`);
  }

  /** Null when there is no file. */
  #load(): User[] | null {
    try {
      return readUsers(this.#name, readFileSync(this.#path));
    } catch (error) {
      if (error instanceof UsersFault) throw usageFailure(error.message);
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'ENOENT') return null;
      throw usageFailure(`cannot read the users ${this.#name}: ${whyUnread(error)}`);
    }
  }

  /** Writes what `change` makes of the file. Nobody else of ours changes it meanwhile. */
  #change(change: () => readonly User[]): readonly User[] {
    try {
      const owner = this.#owner();
      const work = (): readonly User[] => {
        const users = change();
        this.#write(users, owner);
        return users;
      };
      return withLock(`${this.#path}-lock`, work, { owner });
    } catch (error) {
      if (error instanceof CommandFailure) throw error;
      throw new CommandFailure(this.#whyNotChanged(error), 'WRITE', ExitCode.fault, {
        cause: error,
      });
    }
  }

  #whyNotChanged(error: unknown): string {
    if (error instanceof NameNotConfirmed) {
      return (
        `the users ${this.#name} were changed, but the disk did not confirm it: ${whyUnwritten(error.cause)}. ` +
        "Check the disk and the system's log"
      );
    }
    return `cannot write the users ${this.#name}: ${whyUnwritten(error, OWN_REASONS)}; nothing was changed`;
  }

  /** Of the file, or else what it gets when it is made: root makes it for the one whose folder it is in. */
  #owner(): Owner {
    const found = statSync(this.#path, { throwIfNoEntry: false });
    if (found !== undefined) return found;
    const { uid, gid } = statSync(dirname(this.#path));
    const own = process.getuid?.() ?? uid;
    return own === 0 ? { uid, gid, mode: OWNER_ONLY } : { uid: own, gid, mode: OWNER_ONLY };
  }

  /** Written beside it, synced and renamed: whoever reads, and whatever crashes, finds the old file or the new one. */
  #write(users: readonly User[], { uid, gid, mode }: Owner): void {
    const draft = `${this.#path}-new`;
    // Of a command that was killed: the lock is ours now.
    removeLeftover(draft);
    const file = openSync(draft, 'wx', OWNER_ONLY);
    try {
      try {
        writeFileSync(file, textOf(users));
        // A server must still be able to read it when root has changed it.
        if (uid !== (process.getuid?.() ?? uid)) fchownSync(file, uid, gid);
        fchmodSync(file, mode & OWNER_ONLY || OWNER_ONLY);
        fsyncSync(file);
      } finally {
        closeSync(file);
      }
      renameSynced(draft, this.#path);
    } catch (error) {
      rmSync(draft, { force: true });
      throw error;
    }
  }
}

function textOf(users: readonly User[]): string {
  if (users.length === 0) return '[]\n';
  const lines = users.map(({ name, password }) => `  ${JSON.stringify({ name, password })}`);
  return `[\n${lines.join(',\n')}\n]\n`;
}

/** Behind links, also where they lead to no file yet: what is renamed into place must not replace a link. */
function realPath(name: string): string {
  let path = resolve(name);
  for (let links = 0; links < MAX_LINKS; links++) {
    try {
      return realpathSync(path);
    } catch {
      if (!isLink(path)) return path;
      path = resolve(dirname(path), readlinkSync(path));
    }
  }
  return path;
}

/** As many as Linux follows. */
const MAX_LINKS = 40;

/** False too where one may not look: reading the file says so. */
function isLink(path: string): boolean {
  try {
    return lstatSync(path).isSymbolicLink();
  } catch {
    return false;
  }
}

function refusal(code: string, sentence: string): CommandFailure {
  return new CommandFailure(sentence, code, ExitCode.refused);
}

const OWN_REASONS = { EPERM: 'it belongs to another user; run this as that user, or as root' };
