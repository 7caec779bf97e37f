/**
 * SQL for both stores that reads numbers which may have been written by SQL: not each of them can be a number in JavaScript,
 * or be shown by a calendar. What is out of bounds is read as the nearest bound: it stops nobody, and the operator's proof
 * of the books names it.
 */
import { HOLD_COLUMNS, ORDER_COLUMNS } from './order-row.ts';

/** The latest time that a calendar in JavaScript can show, in milliseconds since 1970 UTC. */
export const MAX_TIME = 8_640_000_000_000_000;

const MAX_COUNT = Number.MAX_SAFE_INTEGER;

/** The end of the year 9999, in milliseconds since 1970 UTC: no clock of a shop has shown a later time. */
export const LATEST_TIME = 253_402_300_799_999;

/** A column of times, under its own name; NULL stays NULL. */
export function timeColumn(column: string): string {
  return `${bounded(column, MAX_TIME)} AS ${column}`;
}

/** A column of whole numbers, below 0 too, under its own name. */
export function wholeColumn(column: string, most = MAX_COUNT): string {
  const cases = `WHEN ${column} < -${most} THEN -${most} WHEN ${column} > ${most} THEN ${most}`;
  return `CASE ${cases} ELSE ${column} END AS ${column}`;
}

/** An expression that counts, from 0 on; NULL stays NULL. */
export function bounded(expression: string, most = MAX_COUNT): string {
  return `CASE WHEN ${expression} < 0 THEN 0 WHEN ${expression} > ${most} THEN ${most} ELSE ${expression} END`;
}

/** A column of units with more of them, `more` being a number of JavaScript: it fits the column, whatever stood there. */
export function boundedSum(column: string, more: string): string {
  return `(CASE WHEN ${column} > ${MAX_COUNT} THEN ${MAX_COUNT} WHEN ${column} < -${MAX_COUNT} THEN -${MAX_COUNT}
    ELSE ${column} END) + ${more}`;
}

/** The sum of all rows, from 0 on, and 0 for none, in SQLite: its own sum() fails where it does not fit. */
export function totalOf(expression: string): string {
  return `CAST(max(0, min(total(${expression}), ${MAX_COUNT})) AS INTEGER)`;
}

/** All columns of an order. `orders`: in front of those that stand in more than one table of a statement, as `orders.`. */
export function orderColumns(orders = ''): string {
  return `${orders}${ORDER_COLUMNS}, ${HOLD_COLUMNS}`
    .replace(' id,', ` ${orders}id,`)
    .replace(' at,', ` ${timeColumn('at')},`)
    .replace(' until,', ` ${timeColumn('until')},`)
    .replace(' seconds,', ` ${bounded('seconds')} AS seconds,`)
    .replace(' ended,', ` ${timeColumn('ended')},`);
}

/** The time up to which holds are known to have ended, of the table of the shop; 0 for one that no clock has shown. */
export const MARK = `CASE WHEN expired_to BETWEEN 0 AND ${LATEST_TIME} THEN expired_to ELSE 0 END`;

/** Whether the mark is to be set to `mark`: it only rises, unless no clock has shown it. */
export function isMarkBefore(mark: string): string {
  return `expired_to < ${mark} OR expired_to > ${LATEST_TIME}`;
}
