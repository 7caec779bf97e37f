import type { Request } from '../../../inventory/model.ts';
import type { Settled } from '../../../inventory/store.ts';

/** Settles the requests that have null in `instead`, and returns their outcomes among what the others have there. */
export async function settleOthers(
  requests: readonly Request[],
  instead: readonly (Settled[number] | null)[],
  settle: (others: readonly Request[]) => Promise<Settled>,
): Promise<Settled> {
  const others = requests.filter((_, index) => instead[index] === null);
  if (others.length === 0 && requests.length > 0) return instead as Settled;
  const outcomes = (await settle(others)).values();
  return instead.map((one) => one ?? (outcomes.next().value as Settled[number]));
}
