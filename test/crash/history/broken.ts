/** Stores that break one rule each, and answer as if they did not: the history check must notice. */
import type { Outcome, PurchaseRequest, Request } from '../../../src/inventory/model.ts';
import type { Store } from '../../../src/inventory/store.ts';
import { storeAround } from '../../support/store-around.ts';

type Settle = (requests: readonly Request[]) => readonly Outcome[];

/** Puts `change` between the server and its store. */
function around(
  store: Store,
  change: (requests: readonly Request[], settle: Settle) => readonly Outcome[],
): Store {
  const settle = store.settle.bind(store) as Settle;
  return storeAround(store, { settle: (requests) => change(requests, settle) });
}

function isPurchase(request: Request | undefined): request is PurchaseRequest {
  return request?.kind === 'purchase';
}

export const BROKEN: Readonly<Record<string, (store: Store) => Store>> = {
  'answers with an inventory of before': (store) => {
    const before = new Map<string, Outcome>();
    return around(store, (requests, settle) =>
      settle(requests).map((outcome, index) => {
        const request = requests[index];
        if (request?.kind !== 'inventory' || !('items' in outcome)) return outcome;
        const key = request.upcs.join();
        const stale = before.get(key) ?? outcome;
        before.set(key, outcome);
        return stale;
      }),
    );
  },

  'sells what is not there': (store) =>
    around(store, (requests, settle) =>
      settle(requests).map((outcome, index) => {
        const request = requests[index];
        if (!isPurchase(request) || !('code' in outcome) || outcome.code !== 'NOSTOCK')
          return outcome;
        const { session, order: id, at, lines } = request;
        const sold = lines.map((line) => ({ ...line, available: 0 }));
        const user = session?.user as string;
        const order = { user, id, at, lines: sold, refusal: null, position: null };
        return { kind: 'receipt', order, replayed: false };
      }),
    ),

  'applies an order twice now and then': (store) => {
    let count = 0;
    return around(store, (requests, settle) => {
      const twice = requests.filter(isPurchase).filter(() => ++count % 5 === 0);
      const outcomes = settle(requests);
      if (twice.length > 0) {
        settle(twice.map((request) => ({ ...request, order: `${request.order}-again` })));
      }
      return outcomes;
    });
  },

  'forgets that it has seen an order': (store) => {
    let count = 0;
    return around(store, (requests, settle) => {
      const fresh = requests.map((request) =>
        isPurchase(request) ? { ...request, order: `${request.order}-${++count}` } : request,
      );
      return settle(fresh).map((outcome, index) => {
        const request = requests[index];
        if (!isPurchase(request) || !('order' in outcome)) return outcome;
        return { ...outcome, order: { ...outcome.order, id: request.order } };
      });
    });
  },

  'takes only the first line of an order': (store) =>
    around(store, (requests, settle) => {
      const first = requests.map((request) =>
        isPurchase(request) ? { ...request, lines: request.lines.slice(0, 1) } : request,
      );
      return settle(first).map((outcome, index) => {
        const request = requests[index];
        if (!isPurchase(request) || !('order' in outcome)) return outcome;
        const lines = request.lines.map(
          (line, at) => outcome.order.lines[at] ?? { ...line, available: 1 },
        );
        return { ...outcome, order: { ...outcome.order, lines } };
      });
    }),

  'lets go of what it says it holds': (store) =>
    around(store, (requests, settle) => {
      const outcomes = settle(requests);
      const released = requests.flatMap((request, index): Request[] => {
        const outcome = outcomes[index];
        const isHeld = outcome !== undefined && 'kind' in outcome && outcome.kind === 'held';
        if (request.kind !== 'hold' || !isHeld) return [];
        return [{ kind: 'release', session: request.session, order: request.order }];
      });
      if (released.length > 0) settle(released);
      return outcomes;
    }),

  'keeps what was let go': (store) =>
    around(store, (requests, settle) => {
      const without = requests.map(
        (request): Request =>
          request.kind === 'release' ? { ...request, kind: 'order' } : request,
      );
      return settle(without).map((outcome, index) => {
        const isLive = 'kind' in outcome && outcome.kind === 'held' && outcome.state === 'held';
        return requests[index]?.kind === 'release' && isLive ? { kind: 'released' } : outcome;
      });
    }),

  'takes the same units back twice': (store) => {
    let count = 0;
    return around(store, (requests, settle) => {
      const outcomes = settle(requests);
      for (const [index, outcome] of outcomes.entries()) {
        const request = requests[index];
        const isNew = 'kind' in outcome && outcome.kind === 'returned' && !outcome.replayed;
        if (request?.kind !== 'return' || !isNew) continue;
        // As if the first return had not been counted: other units of the user go back for it.
        const id = `again-${++count}`;
        const bought = { ...request, kind: 'purchase', order: id } as const;
        settle([bought, { ...request, order: `${id}-back`, of: id }]);
        settle([{ ...bought, order: `${id}-more` }]);
      }
      return outcomes;
    });
  },

  'keeps a login that was ended': (store) =>
    around(store, (requests, settle) => {
      const without = requests.map(
        (request): Request =>
          request.kind === 'logout' ? { kind: 'whoami', session: request.session } : request,
      );
      return settle(without).map((outcome, index) =>
        requests[index]?.kind === 'logout' && 'session' in outcome
          ? { kind: 'loggedOut' }
          : outcome,
      );
    }),

  'ends a login that was not ended': (store) => {
    let count = 0;
    return around(store, (requests, settle) => {
      const outcomes = settle(requests);
      const ended = requests.flatMap((request): Request[] =>
        isPurchase(request) && ++count % 10 === 0
          ? [{ kind: 'logout', session: request.session }]
          : [],
      );
      if (ended.length > 0) settle(ended);
      return outcomes;
    });
  },
};
