/**
 * The rule of a restock: the operator's change of the units of one item, as a pure function for both
 * stores. A restock is an order of the operator: its id has one outcome for ever.
 */
/** The level of an item as it stands in the data, whether the catalogue still has it or not. */
export interface ItemLevel {
  readonly upc: number;
  readonly name: string;
  /** The UPC as the catalogue writes it, where that has leading zeros. */
  readonly code?: string;
  /** Supplied since the beginning: at the first start, and by every restock. */
  readonly units: number;
  /** Supplied at the first start; null where that is not written down, because SQL has made the item. */
  readonly firstUnits: number | null;
  /** Units of ended holds are among them, as everywhere. */
  readonly available: number;
  /** Units of live holds. */
  readonly held: number;
  /** Units that customers have given back; they are available again, or sold once more. */
  readonly returned: number;
  /** Why its row cannot be used, when it cannot: then all numbers are 0. */
  readonly fault?: string;
}

export interface RestockRequest {
  readonly id: string;
  readonly upc: number;
  /** Not 0; below 0, units are taken away. */
  readonly units: number;
  readonly reason: string;
  /** Milliseconds since 1970 UTC. */
  readonly at: number;
  /** Who does it. */
  readonly by: string;
}

/** A restock that happened. */
export interface Restock extends RestockRequest {
  /** What was available after it. */
  readonly available: number;
}

export type RestockRefusalCode = 'NOITEM' | 'NOSTOCK' | 'TOOMANY' | 'ORDERREUSED' | 'UNAVAILABLE';

/** Nothing was changed, and nothing is kept: the id is as free as it was. */
export interface RestockRefused {
  readonly kind: 'refused';
  readonly code: RestockRefusalCode;
  readonly message: string;
}

export type RestockOutcome =
  | {
      readonly kind: 'restocked';
      readonly restock: Restock;
      /** The UPC as the catalogue writes it, where that has leading zeros. */
      readonly code: string | undefined;
      readonly replayed: boolean;
    }
  | RestockRefused;

/** The outcome, with the item's units after it where something is to be written. */
export type RestockDecision =
  | RestockOutcome
  | {
      readonly kind: 'write';
      readonly restock: Restock;
      readonly units: number;
      readonly code: string | undefined;
    };

/**
 * `first`: the restock of the same id, when there is one already. `item`: the item as it is now, when the
 * data knows it. `other`: the item of `first`, where that is another one. In this order: an id that has an outcome keeps it; the item must be there; then the level
 * after it must be from 0 to 2^53-1.
 */
export function decideRestock(
  request: RestockRequest,
  first: Restock | undefined,
  item: ItemLevel | undefined,
  other?: ItemLevel,
): RestockDecision {
  const { id, upc, units, reason } = request;
  const code = item?.code;
  const name = `UPC ${code ?? upc}`;
  if (first !== undefined) {
    const isSame = first.upc === upc && first.units === units && first.reason === reason;
    if (isSame) return { kind: 'restocked', restock: first, code, replayed: true };
    const firstName = first.upc === upc ? name : `UPC ${other?.code ?? first.upc}`;
    return refused(
      'ORDERREUSED',
      `restock ${id} was another one: ${signed(first.units)} units of ${firstName}, ` +
        `${JSON.stringify(first.reason)}, at ${new Date(first.at).toISOString()}`,
    );
  }
  if (item === undefined) return refused('NOITEM', `no such UPC: ${upc}; see inv serve stock`);
  if (item.fault !== undefined) {
    return refused('UNAVAILABLE', `${name} cannot be restocked: ${item.fault}; correct it first`);
  }
  const available = item.available + units;
  const supplied = item.units + units;
  if (available < 0 || supplied < 0) {
    const least = Math.min(item.available, item.units);
    return refused(
      'NOSTOCK',
      `${name} has ${item.available} units available: at most ${least} can be taken away, not ${-units}`,
    );
  }
  if (!Number.isSafeInteger(available) || !Number.isSafeInteger(supplied)) {
    return refused(
      'TOOMANY',
      `${name} would have more than ${Number.MAX_SAFE_INTEGER} units; nothing counts that many`,
    );
  }
  return { kind: 'write', restock: { ...request, available }, units: supplied, code };
}

/** `+50` or `-3`. */
export function signed(units: number): string {
  return units > 0 ? `+${units}` : String(units);
}

function refused(code: RestockRefusalCode, message: string): RestockRefused {
  return { kind: 'refused', code, message };
}
