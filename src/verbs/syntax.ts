/**
 * The syntax of a verb, as PROTOCOL.md shows it, as the `arguments` that COMMAND DOCS tells Redis tools.
 *
 * `upc qty` are words one behind the other, `[ ]` may be left out, `…` may be repeated, `|` is a choice, and
 * words in capitals stand for themselves. `|` joins what stands between spaces only when everything beside
 * it does (`2|3 [SETNAME name]`); else it divides all of them (`GETNAME|SETNAME name`).
 */
import { type Reply, Status } from '../protocol/encoder.ts';

/** A word, or some within brackets, which may be left out. */
type Piece = string | readonly Piece[];

interface Argument {
  readonly [name: string]: Reply;
}

export function argumentsOf(syntax: string): readonly Argument[] {
  const tokens = syntax.match(/[[\]|]|[^\s[\]|]+|\s+/g) ?? [];
  return sequence(nested(tokens.values()));
}

/** The pieces up to the bracket that closes them, with `|` and spaces among them. */
function nested(tokens: Iterator<string>): Piece[] {
  const pieces: Piece[] = [];
  for (let next = tokens.next(); next.done !== true && next.value !== ']'; next = tokens.next()) {
    pieces.push(next.value === '[' ? nested(tokens) : next.value);
  }
  return pieces;
}

/** One argument for each word, choice or bracket of a sequence. */
function sequence(pieces: readonly Piece[]): Argument[] {
  const parts = split(pieces, isSpace).filter((part) => part.length > 0);
  const choices = parts.filter((part) => part.includes('|'));
  const dividesAll = choices.length > 0 && !choices.flat().every(isFixed);
  if (dividesAll) return [choice(pieces)];
  const found: Argument[] = [];
  for (let index = 0; index < parts.length; index++) {
    const part = parts[index] as readonly Piece[];
    const [only] = part;
    if (part.includes('|')) found.push(choice(part));
    else if (typeof only !== 'string') found.push(...optional(only ?? [], found));
    else if (isLiteral(only) && isValue(parts[index + 1])) {
      const value = (parts[++index] as readonly string[])[0] as string;
      found.push({ name: value, type: typeOf(value), token: only });
    } else found.push(word(only));
  }
  return found;
}

/** What stands in brackets. `[upc qty …]` behind `upc qty` says that these may be repeated. */
function optional(pieces: readonly Piece[], before: Argument[]): Argument[] {
  const repeats = pieces.at(-1) === '…';
  const inner = sequence(repeats ? pieces.slice(0, -1) : pieces);
  if (repeats && before.length >= inner.length) {
    const same = before.slice(before.length - inner.length);
    if (JSON.stringify(same) === JSON.stringify(inner)) {
      before.length -= inner.length;
      return [{ ...block(inner), flags: [MULTIPLE] }];
    }
  }
  return [{ ...block(inner), flags: repeats ? [OPTIONAL, MULTIPLE] : [OPTIONAL] }];
}

function choice(pieces: readonly Piece[]): Argument {
  const choices = split(pieces, (piece) => piece === '|').map((part) => block(sequence(part)));
  return { name: 'choice', type: 'oneof', arguments: choices };
}

/** Some arguments as one. */
function block(inner: readonly Argument[]): Argument {
  const [only] = inner;
  if (inner.length === 1 && only !== undefined && !('flags' in only)) return only;
  return { name: 'block', type: 'block', arguments: inner };
}

function word(text: string): Argument {
  return isLiteral(text)
    ? { name: text.toLowerCase(), type: 'pure-token', token: text }
    : { name: text, type: typeOf(text) };
}

function typeOf(name: string): string {
  return NUMBERS.has(name) ? 'integer' : 'string';
}

const NUMBERS = new Set(['upc', 'qty', 'n', 'seconds', 'index']);

/** redis-cli takes them only as status replies. */
const OPTIONAL = new Status('optional');
const MULTIPLE = new Status('multiple');

const isSpace = (piece: Piece) => typeof piece === 'string' && piece.trim() === '';
const isLiteral = (piece: Piece) => typeof piece === 'string' && /^[A-Z0-9-]+$/.test(piece);
const isFixed = (piece: Piece) => piece === '|' || isLiteral(piece);

function isValue(part: readonly Piece[] | undefined): boolean {
  const piece = part?.[0];
  return part?.length === 1 && typeof piece === 'string' && !isLiteral(piece) && piece !== '…';
}

function split(pieces: readonly Piece[], isBetween: (piece: Piece) => boolean): Piece[][] {
  const parts: Piece[][] = [[]];
  for (const piece of pieces) {
    if (isBetween(piece)) parts.push([]);
    else parts.at(-1)?.push(piece);
  }
  return parts;
}
