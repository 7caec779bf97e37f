/** The filters of an operator's lists as SQL, for both stores. */
import type { RestocksFilter, SalesFilter } from '../inventory/operator-data.ts';

export type SqlValue = string | number;

/** The WHERE of a SELECT, and the values of its parameters, which are a `?` each. */
export class Where {
  readonly text: string;
  readonly values: readonly SqlValue[];

  constructor(text = '', values: readonly SqlValue[] = []) {
    this.text = text;
    this.values = values;
  }

  /** The same with one condition more. */
  and(condition: string, ...values: readonly SqlValue[]): Where {
    const text = this.text === '' ? `WHERE ${condition}` : `${this.text} AND ${condition}`;
    return new Where(text, [...this.values, ...values]);
  }

  /** The text with `$1`, `$2` and so on in place of each `?`. */
  get numbered(): string {
    let number = 0;
    return this.text.replace(/\?/g, () => `$${++number}`);
  }
}

/** All of a filter but the UPC, which stands in the text of the lines. */
export function salesWhere({ since, until, user, refused, holds }: SalesFilter): Where {
  let where = new Where();
  if (user !== undefined) where = where.and('"user" = ?', user);
  if (since !== undefined) where = where.and(`${SOLD_AT} >= ?`, since);
  if (until !== undefined) where = where.and(`${SOLD_AT} < ?`, until);
  if (refused !== true) where = where.and('refusal IS NULL');
  if (holds !== true) where = where.and("(state IS NULL OR state IN ('bought', 'returned'))");
  return where;
}

/** When an order was decided; of a hold that was bought or released, when that was. */
const SOLD_AT = 'coalesce(orders.ended, orders.at)';

export function restocksWhere({ since, upc }: RestocksFilter): Where {
  let where = new Where();
  if (since !== undefined) where = where.and('restocks.at >= ?', since);
  return upc === undefined ? where : where.and('upc = ?', upc);
}
