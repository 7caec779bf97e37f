/** INFO and COMMAND: what Redis clients and tools ask of any server. No store is asked. */
import { type Reply, toWire } from '../protocol/encoder.ts';
import { argumentsOf } from './syntax.ts';
import {
  always,
  type Command,
  defineVerb,
  MANY,
  usageError,
  type Verb,
  WORK_OF_LONG_REPLY,
} from './verb.ts';

export const INFO: Verb = defineVerb<Command & { readonly sections: readonly string[] }>({
  name: 'INFO',
  syntax: '[section …]',
  summary: 'figures about the server',
  words: [0, MANY],
  access: 'anyone',
  parse: ([, ...sections]) => ({
    verb: INFO,
    sections: sections.map((section) => section.toLowerCase()),
  }),
  exclusive: always,
  work: () => WORK_OF_LONG_REPLY,
  answer: ({ sections }, { service }) => {
    const isAll = sections.length === 0 || sections.some((section) => ALL.has(section));
    const told = Object.entries(service.figures()).filter(
      ([title]) => isAll || sections.includes(title.toLowerCase()),
    );
    return told.map(([title, figures]) => section(title, figures)).join('\r\n');
  },
});

/** Sections that stand for all of them. */
const ALL = new Set(['all', 'default', 'everything']);

function section(title: string, figures: Readonly<Record<string, string | number>>): string {
  const lines = Object.entries(figures).map(([name, value]) => `${name}:${value}\r\n`);
  return `# ${title}\r\n${lines.join('')}`;
}

interface AboutVerbs extends Command {
  /** In capitals. */
  readonly subcommand: string;
  readonly names: readonly string[];
}

/** COMMAND, which tells of the verbs of `table`: itself too, once it stands there. */
export function commandVerb(table: ReadonlyMap<string, Verb>): Verb {
  const verb: Verb = defineVerb<AboutVerbs>({
    name: 'COMMAND',
    syntax: '[COUNT|DOCS|LIST|INFO [verb …]]',
    summary: 'the verbs, as Redis tools ask for them',
    words: [0, MANY],
    access: 'anyone',
    parse: ([, subcommand, ...names]) =>
      subcommand === undefined || SUBCOMMANDS_OF_COMMAND.has(subcommand.toUpperCase())
        ? { verb, subcommand: subcommand?.toUpperCase() ?? 'INFO', names }
        : usageError(verb),
    exclusive: always,
    work: () => WORK_OF_LONG_REPLY,
    answer: ({ subcommand, names }) => aboutVerbs(table, subcommand, names),
  });
  return verb;
}

const SUBCOMMANDS_OF_COMMAND = new Set(['COUNT', 'DOCS', 'LIST', 'INFO']);

function aboutVerbs(
  table: ReadonlyMap<string, Verb>,
  subcommand: string,
  named: readonly string[],
): Reply {
  const names = named.length === 0 ? [...table.keys()] : named.map((name) => name.toUpperCase());
  const verbs = names.map((name) => table.get(name) ?? null);
  switch (subcommand) {
    case 'COUNT':
      return table.size;
    case 'LIST':
      return [...table.keys()];
    case 'DOCS':
      return Object.fromEntries(
        verbs.filter((verb) => verb !== null).map((verb) => [verb.name, verbDocs(verb)]),
      );
    default:
      return verbs.map((verb) => verb && verbInfo(verb));
  }
}

/** Name, arity (negative: at least), flags, and no keys, as Redis tools expect it. */
function verbInfo({ name, words: [least, most] }: Verb): Reply {
  return [name.toLowerCase(), least === most ? least + 1 : -(least + 1), [], 0, 0, 0];
}

function verbDocs({ name, summary, syntax }: Verb): Reply {
  return {
    summary: toWire(summary),
    group: 'inv',
    syntax: toWire(`${name} ${syntax}`.trim()),
    arguments: argumentsOf(syntax),
  };
}
