/**
 * The purchase as one function call for PostgreSQL: the same checks in the same order as inv's rules,
 * for an order of one line, and the same facts kept and answered. Made as somebody would who knows
 * PostgreSQL: native types, room in the pages of stock for updates in place, one short function.
 */
import { TOKEN } from './token.ts';

/** The statements that make the tables, the function, the stock and the login. */
export function schema(upcs: readonly number[], units: number): string[] {
  const rows = upcs.map((upc) => `(${upc}, 'Item ${upc}', ${units}, ${units})`);
  return [
    TABLES,
    FUNCTION,
    `INSERT INTO logins VALUES ('${TOKEN}', 'alice', now())`,
    `INSERT INTO stock VALUES ${rows.join()}`,
    'VACUUM ANALYZE',
  ];
}

const TABLES = `
CREATE TABLE stock (
  upc bigint PRIMARY KEY,
  name text NOT NULL,
  units bigint NOT NULL,
  available bigint NOT NULL CHECK (available >= 0)
) WITH (fillfactor = 50);
CREATE TABLE logins (
  token text PRIMARY KEY,
  "user" text NOT NULL,
  since timestamptz NOT NULL
);
CREATE TABLE orders (
  "user" text NOT NULL,
  id uuid NOT NULL,
  at timestamptz NOT NULL,
  upc bigint NOT NULL,
  qty bigint NOT NULL,
  available bigint,
  refusal text,
  PRIMARY KEY ("user", id)
);
`;

/**
 * A refusal is an outcome, not an error: an error would undo the row that keeps it. Two calls with
 * one new id at the same time: the second fails on the primary key, has no effect, and is told the
 * first outcome when it is sent again.
 */
const FUNCTION = `
CREATE FUNCTION purchase(p_token text, p_upc bigint, p_qty bigint, p_id uuid,
  OUT at bigint, OUT replayed boolean, OUT available bigint, OUT refusal text)
LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
  who text;
  first orders;
BEGIN
  SELECT l."user" INTO who FROM logins l WHERE l.token = p_token;
  IF NOT FOUND THEN
    refusal := 'NOAUTH log in first';
    RETURN;
  END IF;
  SELECT o.* INTO first FROM orders o WHERE o."user" = who AND o.id = p_id;
  IF FOUND THEN
    IF first.upc <> p_upc OR first.qty <> p_qty THEN
      refusal := 'ORDERREUSED that order id was used for another order';
      RETURN;
    END IF;
    at := extract(epoch FROM first.at) * 1000;
    replayed := true;
    available := first.available;
    refusal := first.refusal;
    RETURN;
  END IF;
  UPDATE stock s SET available = s.available - p_qty
    WHERE s.upc = p_upc AND s.available >= p_qty
    RETURNING s.available INTO purchase.available;
  IF NOT FOUND THEN
    SELECT format('NOSTOCK too little stock: %s asked %s available %s', p_upc, p_qty, s.available)
      INTO purchase.refusal FROM stock s WHERE s.upc = p_upc;
    refusal := coalesce(purchase.refusal, 'NOITEM no such UPC: ' || p_upc);
  END IF;
  at := extract(epoch FROM now()) * 1000;
  replayed := false;
  INSERT INTO orders VALUES
    (who, p_id, now(), p_upc, p_qty, purchase.available, purchase.refusal);
END $$;
`;
