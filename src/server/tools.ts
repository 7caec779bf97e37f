/** What Redis clients and tools ask of any server: COMMAND and CLIENT. */

import { OK, type Reply, toWire } from '../protocol/encoder.ts';
import { ErrorReply } from '../protocol/error-codes.ts';
import { VERBS, type Verb } from '../protocol/verbs.ts';

/** The reply to COMMAND and its subcommands. */
export function commandReply(words: readonly string[]): Reply {
  const names = words.slice(1).map((name) => name.toUpperCase());
  if (words.length === 0) return [...VERBS.values()].map(verbInfo);
  switch (words[0]?.toUpperCase()) {
    case 'COUNT':
      return VERBS.size;
    case 'LIST':
      return [...VERBS.keys()];
    case 'INFO':
      return (names.length > 0 ? names : [...VERBS.keys()]).map((name) => {
        const verb = VERBS.get(name);
        return verb === undefined ? null : verbInfo(verb);
      });
    case 'DOCS': {
      const verbs = [...VERBS.values()].filter(
        (verb) => names.length === 0 || names.includes(verb.name),
      );
      return Object.fromEntries(
        verbs.map(({ name, summary, syntax }) => [
          name,
          { summary: toWire(summary), group: 'inv', syntax: toWire(`${name} ${syntax}`.trim()) },
        ]),
      );
    }
    default:
      return new ErrorReply('ERR', 'usage: COMMAND [COUNT|DOCS|LIST|INFO [verb ...]]');
  }
}

/** Name, arity (negative: at least), flags, and no keys, as Redis tools expect it. */
function verbInfo({ name, words: [least, most] }: Verb): Reply {
  return [name.toLowerCase(), least === most ? least + 1 : -(least + 1), [], 0, 0, 0];
}

/** What CLIENT can know and change of a connection. */
export interface Named {
  readonly id: number;
  name: string | null;
}

/** The reply to CLIENT and its subcommands. */
export function clientReply(words: readonly string[], connection: Named): Reply {
  const subcommand = (words[0] as string).toUpperCase();
  if (subcommand === 'ID' && words.length === 1) return connection.id;
  if (subcommand === 'GETNAME' && words.length === 1) return connection.name;
  if (subcommand === 'SETNAME' && words.length === 2) {
    connection.name = words[1] as string;
    return OK;
  }
  if (subcommand === 'SETINFO' && words.length === 3) return OK;
  return new ErrorReply('ERR', 'usage: CLIENT ID|GETNAME|SETNAME name|SETINFO name value');
}
