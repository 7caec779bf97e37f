/** What the terminal can show: boxes and colours, or plain text for plain terminals and screen readers. */

export interface Look {
  /** Cells of a line; undefined when the output goes to no terminal, where a line is as long as it likes. */
  readonly columns: number | undefined;
  /** ASCII text only: no boxes, no bars, no colours, no cursor motion. */
  readonly plain: boolean;
}

/** The narrowest terminal that tables are laid out for; on a narrower one the terminal breaks the lines. */
const MIN_COLUMNS = 20;

/** Lines of a terminal that does not tell its size: it says 0. */
const USUAL_ROWS = 24;

/** The lines of the screen, now. */
export function screenRows(): number {
  return process.stdout.rows || USUAL_ROWS;
}

/** The look of standard output, now: a terminal may have been resized. */
export function look(): Look {
  const { isTTY, columns } = process.stdout;
  return {
    // A terminal that does not tell its size says 0.
    columns: isTTY && columns > 0 ? Math.max(columns, MIN_COLUMNS) : undefined,
    plain: isPlain(process.env),
  };
}

/**
 * Whether the environment asks for plain text: INV_PLAIN, a terminal that knows no cursor motion, or
 * a locale whose characters are not UTF-8. A locale that is not set says nothing: most containers and
 * cron set none.
 */
export function isPlain(env: NodeJS.ProcessEnv): boolean {
  if (env.INV_PLAIN !== undefined && env.INV_PLAIN !== '' && env.INV_PLAIN !== '0') return true;
  if (env.TERM === 'dumb') return true;
  const locale = env.LC_ALL || env.LC_CTYPE || env.LANG || '';
  if (locale === 'C' || locale === 'POSIX') return true;
  const charset = /\.([^@]+)/.exec(locale)?.[1];
  return charset !== undefined && !/^utf-?8$/i.test(charset);
}

const ASCII: Readonly<Record<string, string>> = { '×': 'x', '…': '...', '·': '-', '’': "'" };

/** `text` with our own signs in ASCII where the look is plain; names of items stay as they are. */
export function inLook(text: string, plain = isPlain(process.env)): string {
  return plain ? text.replace(/[×…·’]/g, (sign) => ASCII[sign] as string) : text;
}
