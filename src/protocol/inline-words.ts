/**
 * The words of a request in the inline form, with quotes as Redis has them: "…" with escapes, '…' with
 * only \' as one. A quote ends its word.
 */

const QUOTE = /["']/;
const BLANK = /[ \t]/;
const HEX_BYTE = /^[0-9a-fA-F]{2}$/;

/** The bytes that a letter behind a backslash stands for, between double quotes. Other characters stand for themselves. */
const ESCAPES: Readonly<Record<string, string>> = {
  n: '\n',
  r: '\r',
  t: '\t',
  b: '\b',
  a: '\x07',
};

/** The words of `line`, or null when a quote is not closed, or is not the end of its word. */
export function inlineWords(line: string): string[] | null {
  if (!QUOTE.test(line)) return line.split(/[ \t]+/).filter((word) => word !== '');
  const words: string[] = [];
  for (let at = 0; at < line.length; ) {
    if (BLANK.test(line.charAt(at))) {
      at++;
      continue;
    }
    let word = '';
    while (at < line.length && !BLANK.test(line.charAt(at))) {
      const character = line.charAt(at++);
      if (!QUOTE.test(character)) {
        word += character;
        continue;
      }
      const quoted = character === '"' ? doubleQuoted(line, at) : singleQuoted(line, at);
      if (quoted === null) return null;
      word += quoted.text;
      at = quoted.end;
      if (at < line.length && !BLANK.test(line.charAt(at))) return null;
    }
    words.push(word);
  }
  return words;
}

/** What stands from `at` to the closing quote, and the position behind that; null when there is none. */
interface Quoted {
  readonly text: string;
  readonly end: number;
}

function doubleQuoted(line: string, from: number): Quoted | null {
  let text = '';
  for (let at = from; at < line.length; at++) {
    const character = line.charAt(at);
    if (character === '"') return { text, end: at + 1 };
    if (character !== '\\' || at + 1 === line.length) {
      text += character;
      continue;
    }
    const escaped = line.charAt(++at);
    const hex = line.slice(at + 1, at + 3);
    if (escaped === 'x' && HEX_BYTE.test(hex)) {
      text += String.fromCharCode(Number.parseInt(hex, 16));
      at += 2;
    } else {
      text += ESCAPES[escaped] ?? escaped;
    }
  }
  return null;
}

function singleQuoted(line: string, from: number): Quoted | null {
  let text = '';
  for (let at = from; at < line.length; at++) {
    const character = line.charAt(at);
    if (character === "'") return { text, end: at + 1 };
    if (character === '\\' && line.charAt(at + 1) === "'") at++;
    text += line.charAt(at);
  }
  return null;
}
