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
