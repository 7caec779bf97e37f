/** A document of ours, taken apart for the tests that hold it against the program. */

export interface Section {
  readonly level: number;
  readonly title: string;
  /** What stands under the heading, up to the next heading of any level, without the fenced blocks. */
  readonly text: string;
  readonly blocks: readonly Block[];
}

/** A fenced block. */
export interface Block {
  /** The word behind the opening fence. */
  readonly kind: string;
  /** The line of the opening fence, counted from 1. */
  readonly line: number;
  readonly lines: readonly string[];
}

export function parseDocument(markdown: string): Section[] {
  const sections: Section[] = [];
  let text: string[] = [];
  let blocks: Block[] = [];
  let open: { kind: string; line: number; lines: string[] } | null = null;
  let heading = { level: 0, title: '' };
  const finish = () => sections.push({ ...heading, text: text.join('\n'), blocks });
  for (const [index, line] of markdown.split('\n').entries()) {
    const fence = /^```(.*)$/.exec(line);
    if (open !== null) {
      if (fence === null) open.lines.push(line);
      else open = null;
    } else if (fence !== null) {
      open = { kind: fence[1] as string, line: index + 1, lines: [] };
      blocks.push(open);
    } else {
      const found = /^(#+) (.*)$/.exec(line);
      if (found === null) {
        text.push(line);
        continue;
      }
      finish();
      heading = { level: (found[1] as string).length, title: found[2] as string };
      text = [];
      blocks = [];
    }
  }
  if (open !== null) throw new Error(`the block of line ${open.line} has no end`);
  finish();
  return sections;
}

/** The sections under the heading `title`, up to the next heading of its level. */
export function under(sections: readonly Section[], title: string): Section[] {
  const start = sections.findIndex((section) => section.title === title);
  const top = sections[start];
  if (top === undefined) throw new Error(`no section '${title}'`);
  const rest = sections.slice(start + 1);
  const end = rest.findIndex((section) => section.level <= top.level);
  return end < 0 ? rest : rest.slice(0, end);
}

/** The rows of all tables in a text, without their headings. */
export function tableRows(text: string): string[][] {
  const rows: string[][] = [];
  let inBody = false;
  for (const line of text.split('\n')) {
    if (!line.startsWith('|')) inBody = false;
    else if (/^\|[-|]+\|$/.test(line)) inBody = true;
    else if (inBody)
      rows.push(
        line
          .slice(1, -1)
          .split('|')
          .map((cell) => cell.trim()),
      );
  }
  return rows;
}
