import type { Changes } from '../../src/inventory/model.ts';

/** What a store tells of a batch after which these levels are left. */
export function sold(...levels: [upc: number, left: number][]): Changes {
  return {
    isEmpty: false,
    available: new Map(levels),
    orders: [],
    ...{
      changedOrders: new Map(),
      endedHolds: [],
      held: new Map(),
      customers: new Map(),
      returned: new Map(),
    },
    logins: new Map(),
  };
}
