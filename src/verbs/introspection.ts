/** INFO and COMMAND: what Redis clients and tools ask of any server. No store is asked. */
import { type Reply, toWire } from '../protocol/encoder.ts';
import { always, type Command, defineVerb, MANY, usageError, type Verb } from './verb.ts';

export const INFO: Verb = defineVerb<Command>({
  name: 'INFO',
  syntax: '[section …]',
  summary: 'figures about the server',
  words: [0, MANY],
  access: 'anyone',
  parse: () => ({ verb: INFO }),
  exclusive: always,
  answer: (_, { service }) => service.info(),
});

interface AboutVerbs extends Command {
  /** The subcommand and what follows it. */
  readonly words: readonly string[];
}

/** COMMAND, which tells of the verbs of `table`: itself too, once it stands there. */
export function commandVerb(table: ReadonlyMap<string, Verb>): Verb {
  const verb: Verb = defineVerb<AboutVerbs>({
    name: 'COMMAND',
    syntax: '[COUNT|DOCS|LIST|INFO [verb …]]',
    summary: 'the verbs, as Redis tools ask for them',
    words: [0, MANY],
    access: 'anyone',
    parse: ([, ...words]) => ({ verb, words }),
    exclusive: always,
    answer: ({ words }) => aboutVerbs(table, words) ?? usageError(verb),
  });
  return verb;
}

/** The reply to COMMAND with these words, or null when they make no sense. */
function aboutVerbs(table: ReadonlyMap<string, Verb>, words: readonly string[]): Reply | null {
  const all = [...table.values()];
  const [subcommand, ...names] = words.map((word) => word.toUpperCase());
  if (subcommand === undefined) return all.map(verbInfo);
  switch (subcommand) {
    case 'COUNT':
      return table.size;
    case 'LIST':
      return [...table.keys()];
    case 'INFO':
      return (names.length > 0 ? names : [...table.keys()]).map((name) => {
        const verb = table.get(name);
        return verb === undefined ? null : verbInfo(verb);
      });
    case 'DOCS': {
      const verbs = all.filter((verb) => names.length === 0 || names.includes(verb.name));
      return Object.fromEntries(verbs.map((verb) => [verb.name, verbDocs(verb)]));
    }
    default:
      return null;
  }
}

/** Name, arity (negative: at least), flags, and no keys, as Redis tools expect it. */
function verbInfo({ name, words: [least, most] }: Verb): Reply {
  return [name.toLowerCase(), least === most ? least + 1 : -(least + 1), [], 0, 0, 0];
}

function verbDocs({ name, summary, syntax }: Verb): Reply {
  return { summary: toWire(summary), group: 'inv', syntax: toWire(`${name} ${syntax}`.trim()) };
}
