/**
 * Texts measured, cut, padded and wrapped to cells of a terminal. string-width says how many cells a
 * text takes; loading it costs 40 ms, as much as the rest of a command, so it is loaded for texts in
 * which a character takes no cell or two.
 */

/** Letters, digits and signs of Latin scripts, general punctuation, arrows, lines and blocks: a cell each. */
const ONE_CELL_EACH = /^[ -~¡-¬®-ʯ‐-‧←-↓─-▟]*$/;

let stringWidth: ((text: string) => number) | null = null;

/** Loads what measures `texts`, if one of them needs it. To be called before they are measured. */
export async function prepareToMeasure(texts: Iterable<string>): Promise<void> {
  if (stringWidth !== null) return;
  for (const text of texts) {
    if (ONE_CELL_EACH.test(text)) continue;
    ({ default: stringWidth } = await import('string-width'));
    return;
  }
}

/** No text takes more cells for each UTF-16 unit. */
export const MAX_CELLS_PER_UNIT = 2;

/** How many cells of a terminal `text` takes. Of a text that was not prepared for, its length. */
export function cellsOf(text: string): number {
  return stringWidth === null || ONE_CELL_EACH.test(text) ? text.length : stringWidth(text);
}

/** `text`, cut to `cells` with `ellipsis` (one cell) at its end when it is longer. */
export function fitted(text: string, cells: number, ellipsis = '…'): string {
  if (text.length * MAX_CELLS_PER_UNIT <= cells || cellsOf(text) <= cells) return text;
  return `${headOf(text, cells - 1)}${ellipsis}`;
}

/** `text` with spaces up to `cells`, behind it or before it. A longer text stays as it is. */
export function padded(text: string, cells: number, align: 'left' | 'right'): string {
  const spaces = ' '.repeat(Math.max(0, cells - cellsOf(text)));
  return align === 'left' ? text + spaces : spaces + text;
}

/** `text` as lines of at most `cells` cells, broken at spaces, and inside a word only where a word is too long. */
export function wrapped(text: string, cells: number): string[] {
  if (text.length * MAX_CELLS_PER_UNIT <= cells || cellsOf(text) <= cells) return [text];
  const lines: string[] = [];
  let line = '';
  for (let word of text.split(' ')) {
    const longer = line === '' ? word : `${line} ${word}`;
    if (cellsOf(longer) <= cells) {
      line = longer;
      continue;
    }
    if (line !== '') lines.push(line);
    while (cellsOf(word) > cells) {
      // At least one character a line, or a wide character on a terminal of one cell would never end.
      const head = headOf(word, cells) || firstOf(word);
      lines.push(head);
      word = word.slice(head.length);
    }
    line = word;
  }
  if (line !== '' || lines.length === 0) lines.push(line);
  return lines;
}

/** The longest beginning of `text` that takes at most `cells`. */
function headOf(text: string, cells: number): string {
  let end = 0;
  let width = 0;
  for (const { segment } of graphemesOf(text)) {
    width += cellsOf(segment);
    if (width > cells) break;
    end += segment.length;
  }
  return text.slice(0, end);
}

function firstOf(text: string): string {
  const [first] = graphemesOf(text);
  return first?.segment ?? text;
}

let segmenter: Intl.Segmenter | null = null;

/** The characters as people count them. What tells them apart takes 10 to 17 ms to make, so a command that cuts no text makes none. */
function graphemesOf(text: string): Iterable<Intl.SegmentData> {
  segmenter ??= new Intl.Segmenter(undefined, { granularity: 'grapheme' });
  return segmenter.segment(text);
}
