/**
 * Holds as functions for PostgreSQL, over a table of holds: the same checks in the same order as inv's rules, for a hold
 * of one line, and the same facts kept and answered. Each call first gives back the units of some holds that have ended.
 */

/** How many ended holds a call gives back at most: those who ask must not wait for all of them. */
const SWEPT_AT_ONCE = 100;

const TABLE = `
CREATE TABLE holds (
  "user" text NOT NULL,
  id uuid NOT NULL,
  at timestamptz NOT NULL,
  upc bigint NOT NULL,
  qty bigint NOT NULL,
  seconds integer NOT NULL,
  until timestamptz,
  state text,
  ended timestamptz,
  available bigint,
  refusal text,
  PRIMARY KEY ("user", id)
);
CREATE INDEX hold_ends ON holds (until) WHERE state = 'held';
`;

/** Two calls never sweep the same hold, and all lock the rows of stock in one order. */
const SWEEP = `
CREATE FUNCTION sweep() RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  due record;
BEGIN
  IF NOT EXISTS (SELECT FROM holds h WHERE h.state = 'held' AND h.until <= now()) THEN
    RETURN;
  END IF;
  FOR due IN
    WITH ended AS (
      SELECT h."user", h.id FROM holds h WHERE h.state = 'held' AND h.until <= now()
      ORDER BY h.until LIMIT ${SWEPT_AT_ONCE} FOR UPDATE SKIP LOCKED
    ), swept AS (
      UPDATE holds h SET state = 'expired' FROM ended e
        WHERE h."user" = e."user" AND h.id = e.id RETURNING h.upc, h.qty
    )
    SELECT s.upc, sum(s.qty) AS units FROM swept s GROUP BY s.upc ORDER BY s.upc
  LOOP
    UPDATE stock s SET available = s.available + due.units WHERE s.upc = due.upc;
  END LOOP;
END $$;
`;

const HOLD = `
CREATE FUNCTION hold(p_token text, p_upc bigint, p_qty bigint, p_seconds integer, p_id uuid,
  OUT at bigint, OUT until bigint, OUT replayed boolean, OUT state text, OUT available bigint,
  OUT refusal text)
LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
  who text;
  first holds;
  till timestamptz;
BEGIN
  SELECT l."user" INTO who FROM logins l WHERE l.token = p_token;
  IF NOT FOUND THEN
    refusal := 'NOAUTH log in first';
    RETURN;
  END IF;
  PERFORM sweep();
  SELECT h.* INTO first FROM holds h WHERE h."user" = who AND h.id = p_id;
  IF FOUND THEN
    IF first.upc <> p_upc OR first.qty <> p_qty OR first.seconds <> p_seconds THEN
      refusal := 'ORDERREUSED that order id was used for another order';
      RETURN;
    END IF;
    at := extract(epoch FROM first.at) * 1000;
    until := extract(epoch FROM first.until) * 1000;
    replayed := true;
    state := CASE WHEN first.state = 'held' AND first.until <= now() THEN 'expired' ELSE first.state END;
    available := first.available;
    refusal := first.refusal;
    RETURN;
  END IF;
  IF EXISTS (SELECT FROM orders o WHERE o."user" = who AND o.id = p_id) THEN
    refusal := 'ORDERREUSED that order id was used for another order';
    RETURN;
  END IF;
  UPDATE stock s SET available = s.available - p_qty
    WHERE s.upc = p_upc AND s.available >= p_qty
    RETURNING s.available INTO hold.available;
  IF FOUND THEN
    till := date_trunc('second', now() + interval '999 milliseconds') + p_seconds * interval '1 second';
    state := 'held';
  ELSE
    SELECT format('NOSTOCK too little stock: %s asked %s available %s', p_upc, p_qty, s.available)
      INTO hold.refusal FROM stock s WHERE s.upc = p_upc;
    refusal := coalesce(hold.refusal, 'NOITEM no such UPC: ' || p_upc);
  END IF;
  at := extract(epoch FROM now()) * 1000;
  until := extract(epoch FROM till) * 1000;
  replayed := false;
  INSERT INTO holds VALUES (who, p_id, now(), p_upc, p_qty, p_seconds, till, hold.state, NULL,
    hold.available, hold.refusal);
END $$;
`;

/** A hold that is confirmed stays as it was asked for, and is an order besides. */
const CONFIRM = `
CREATE FUNCTION confirm(p_token text, p_id uuid,
  OUT at bigint, OUT replayed boolean, OUT upc bigint, OUT qty bigint, OUT available bigint,
  OUT refusal text)
LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
  who text;
  bought orders;
  held holds;
BEGIN
  SELECT l."user" INTO who FROM logins l WHERE l.token = p_token;
  IF NOT FOUND THEN
    refusal := 'NOAUTH log in first';
    RETURN;
  END IF;
  PERFORM sweep();
  SELECT h.* INTO held FROM holds h WHERE h."user" = who AND h.id = p_id FOR UPDATE;
  IF held.state = 'held' AND held.until > now() THEN
    UPDATE holds h SET state = 'bought', ended = now() WHERE h."user" = who AND h.id = p_id;
    INSERT INTO orders VALUES (who, p_id, now(), held.upc, held.qty, held.available, NULL)
      RETURNING * INTO bought;
    replayed := false;
  ELSE
    SELECT o.* INTO bought FROM orders o
      WHERE o."user" = who AND o.id = p_id AND o.refusal IS NULL;
    IF NOT FOUND THEN
      refusal := CASE
        WHEN held.state IN ('held', 'expired') THEN 'NOHOLD it expired at ' || held.until
        WHEN held.refusal IS NOT NULL THEN 'NOHOLD it was refused'
        ELSE 'NOORDER no order has that id' END;
      RETURN;
    END IF;
    replayed := true;
  END IF;
  at := extract(epoch FROM bought.at) * 1000;
  upc := bought.upc;
  qty := bought.qty;
  available := bought.available;
END $$;
`;

/** The statements that make the table of holds and its functions. */
export const HOLDS: readonly string[] = [TABLE, SWEEP, HOLD, CONFIRM];
