/**
 * Characters that would do something to a terminal instead of being shown: controls (ESC and with
 * it every escape sequence, line ends, DEL, C1) and the marks that reverse the direction of text.
 */
const ACTIVE =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is replaced
  /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g;

/** `text` with every such character replaced by U+FFFD, so that printing it shows it and does nothing else. */
export function printable(text: string): string {
  return text.replace(ACTIVE, '\ufffd');
}

/** The same of a text of several lines, which stay lines. */
export function printableLines(text: string): string {
  return text.split('\n').map(printable).join('\n');
}
