/** Text that fits into so many cells of a terminal. */

const GRAPHEMES = new Intl.Segmenter(undefined, { granularity: 'grapheme' });

/** From here on, characters may be two cells wide (Chinese, Japanese, Korean, emoji). */
const FIRST_WIDE = 0x1100;

/**
 * `text`, cut to `cells` with an ellipsis. What may be wide counts as wide, so it never takes more
 * room than it has; cli-table3 measures what is left and draws the borders to it.
 */
export function fitted(text: string, cells: number): string {
  if (text.length * 2 <= cells) return text;
  let kept = '';
  let width = 0;
  for (const { segment } of GRAPHEMES.segment(text)) {
    const size = (segment.codePointAt(0) as number) >= FIRST_WIDE ? 2 : 1;
    // One cell stays free for the ellipsis, unless this is the end.
    const isEnd = kept.length + segment.length === text.length;
    if (width + size > cells - (isEnd ? 0 : 1)) return `${kept}…`;
    kept += segment;
    width += size;
  }
  return kept;
}
