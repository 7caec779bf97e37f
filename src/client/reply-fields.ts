/** The fields of replies, each checked for its type when it is read. */
import { NamedError } from '../named-error.ts';
import { printable } from '../printable.ts';
import { isOrderId } from '../protocol/argument-checks.ts';
import { fromWire } from '../protocol/encoder.ts';
import type { ReplyValue } from '../protocol/reply-decoder.ts';

/** A reply that is well formed and yet not what its request is answered with. */
export class UnexpectedReply extends NamedError {}

/** A map of a reply, by the names of its fields. */
export type Fields = ReadonlyMap<string, ReplyValue>;

export function mapOf(value: ReplyValue): Fields {
  if (value instanceof Map) return value;
  throw new UnexpectedReply('a map was expected');
}

export function listOf(value: ReplyValue | undefined): readonly ReplyValue[] {
  if (Array.isArray(value)) return value;
  throw new UnexpectedReply('a list was expected');
}

/** A text for people, made printable. */
export function textOf(map: Fields, name: string): string {
  const value = map.get(name);
  if (typeof value === 'string') return printable(fromWire(value));
  throw new UnexpectedReply(`"${name}" is no text`);
}

/** An order id, as the local file can hold it. */
export function orderIdOf(map: Fields, name: string): string {
  const value = map.get(name);
  if (typeof value === 'string' && isOrderId(value)) return value;
  throw new UnexpectedReply(`"${name}" is no order id`);
}

export function integerOf(map: Fields, name: string): number {
  const value = map.get(name);
  if (typeof value === 'number' && value >= 0) return value;
  throw new UnexpectedReply(`"${name}" is no whole number from 0`);
}

/** The last moment that a Date can hold. */
const MAX_TIME = 8_640_000_000_000_000;

/** Milliseconds since 1970 UTC. */
export function timeOf(map: Fields, name: string): number {
  const value = integerOf(map, name);
  if (value <= MAX_TIME) return value;
  throw new UnexpectedReply(`"${name}" is no time`);
}

/** The end of a hold: a whole second, in milliseconds since 1970 UTC. */
export function endOf(map: Fields, name: string): number {
  const value = timeOf(map, name);
  if (value % 1000 === 0) return value;
  throw new UnexpectedReply(`"${name}" is no whole second`);
}

/** Whether a map has a field; one that is null counts as left out. */
export function has(map: Fields, name: string): boolean {
  return map.get(name) !== undefined && map.get(name) !== null;
}
