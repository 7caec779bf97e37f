/** The command lines of campaigns and other scripts of the tests: each tells its options, and what is wrong with one. */
import { parseArgs } from 'node:util';

/** An option is a number, a text, or a switch, as its default is. */
interface Option {
  readonly about: string;
  readonly default: number | string | false;
  /** Of a number: the least, and whether it may be broken. */
  readonly least?: number;
  readonly isBroken?: boolean;
  /** What stands for a default that is another each time. */
  readonly shown?: string;
}

type Values<Options> = {
  readonly [Name in keyof Options]: Options[Name] extends { readonly default: infer Default }
    ? Default extends number
      ? number
      : Default extends string
        ? string
        : boolean
    : never;
};

/** The same seed makes the same choices. */
export const seedOption = () => ({
  about: 'repeats the choices of another run',
  default: Date.now() % 1_000_000,
  shown: 'another each time',
});

/**
 * The options of this process, which `npm run <script>` has started. Prints them for --help, and ends the process; with
 * exit code 2 when one makes no sense.
 */
export function campaignOptions<const Options extends Readonly<Record<string, Option>>>(
  script: string,
  options: Options,
): Values<Options> {
  try {
    const read = readOptions(process.argv.slice(2), options);
    if (read !== null) return read;
    console.log(usage(script, options));
    process.exit(0);
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${usage(script, options)}`);
    process.exit(2);
  }
}

/** Null for --help. Throws an error that says what makes no sense. */
export function readOptions<const Options extends Readonly<Record<string, Option>>>(
  args: readonly string[],
  options: Options,
): Values<Options> | null {
  const kinds = Object.entries(options).map(([name, option]) => {
    const type = option.default === false ? 'boolean' : 'string';
    return [name, { type }] as const;
  });
  const { values } = parseArgs({
    args: [...args],
    options: { ...Object.fromEntries(kinds), help: { type: 'boolean' } },
  });
  if (values.help === true) return null;
  const given: Readonly<Record<string, unknown>> = values;
  const read = Object.entries(options).map(([name, option]) => {
    const value = given[name];
    if (value === undefined) return [name, option.default];
    return [name, typeof option.default === 'number' ? numberOf(name, value, option) : value];
  });
  return Object.fromEntries(read) as Values<Options>;
}

function numberOf(name: string, text: unknown, { least = 0, isBroken = false }: Option): number {
  const number = Number(text);
  const isNumber =
    text !== '' && (isBroken ? Number.isFinite(number) : Number.isSafeInteger(number));
  if (isNumber && number >= least) return number;
  const kind = isBroken ? 'a number' : 'a whole number';
  throw new Error(`--${name} is ${kind} from ${least} on, and not "${text}"`);
}

function usage(script: string, options: Readonly<Record<string, Option>>): string {
  const rows = Object.entries(options).map(([name, option]) => {
    const { about, default: value, shown = value } = option;
    if (value === false) return [`--${name}`, about];
    const kind = typeof value === 'number' ? 'N' : 'TEXT';
    return [`--${name} ${kind}`, value === '' ? about : `${about} (${shown})`];
  });
  const width = Math.max(...rows.map(([head]) => (head as string).length));
  const lines = rows.map(([head = '', about]) => `  ${head.padEnd(width)}  ${about}`);
  return [`usage: npm run ${script} [-- OPTION …]`, ...lines].join('\n');
}
