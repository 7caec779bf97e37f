/** Reads the operator's file of users, strictly: `[{"name":"dana","password":"$scrypt$ln=14,r=8,p=1$SALT$HASH"}]`. */
import { NamedError } from '../named-error.ts';
import { prepareName } from '../user-name.ts';
import {
  type EntryKind,
  jsonEntries,
  type RawEntry,
  type RawValue,
} from './operator-file/json-entries.ts';
import { SourceText } from './operator-file/source-text.ts';
import { BadPasswordHash, parsePasswordHash } from './password-hash.ts';
import { nameFault, type User } from './users.ts';

/** A fault in a file of users. The message is one line that begins with its place, and quotes nothing of the file. */
export class UsersFault extends NamedError {}

type Field = 'name' | 'password';

const USER: EntryKind<Field> = {
  noun: 'user',
  example: '{"name":…}',
  isField: (name): name is Field => name === 'name' || name === 'password',
  fields: 'a user has name and password',
};

/**
 * The users of the file `path` with these bytes; there may be none. Throws UsersFault at the first fault: also a
 * name that is given twice, or a hash whose check would take too long.
 */
export function readUsers(path: string, bytes: Uint8Array): User[] {
  const source = new SourceText(path, bytes, { Fault: UsersFault, isSecret: true });
  const users: User[] = [];
  const places = new Map<string, number>();
  for (const entry of jsonEntries(source, USER)) {
    const user = { name: nameOf(entry, source), password: passwordOf(entry, source) };
    const { offset } = entry.values.name as RawValue;
    const earlier = places.get(user.name);
    if (earlier !== undefined) {
      throw source.fault(offset, `this name is already given at ${source.place(earlier)}`);
    }
    places.set(user.name, offset);
    users.push(user);
  }
  return users;
}

function nameOf(entry: RawEntry<Field>, source: SourceText): string {
  const { text, offset } = textOf(entry, 'name', source);
  const name = prepareName(text);
  const fault = nameFault(name);
  if (fault !== null) throw source.fault(offset, `a user's name ${fault}`);
  return name;
}

function passwordOf(entry: RawEntry<Field>, source: SourceText): string {
  const { text, offset } = textOf(entry, 'password', source);
  try {
    parsePasswordHash(text);
  } catch (error) {
    if (!(error instanceof BadPasswordHash)) throw error;
    throw source.fault(offset, `"password" ${error.message}`);
  }
  return text;
}

function textOf({ offset, values }: RawEntry<Field>, name: Field, source: SourceText): RawValue {
  const value = values[name];
  if (value === undefined) throw source.fault(offset, `the user has no "${name}"`);
  if (value.kind !== 'text') throw source.fault(value.offset, `"${name}" must be a text`);
  return value;
}
