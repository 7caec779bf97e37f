import type { Store } from '../../src/inventory/store.ts';

/** `store` with some of its methods replaced. It lists every method, so that none can be forgotten. */
export function storeAround(store: Store, replaced: Partial<Store>): Store {
  return {
    identity: store.identity,
    isNew: store.isNew,
    restored: store.restored,
    latestOrder: store.latestOrder,
    get away() {
      return store.away;
    },
    now: () => store.now(),
    measure: () => store.measure(),
    settle: (requests) => store.settle(requests),
    changeCatalog: (catalog, between) => store.changeCatalog(catalog, between),
    settleMeanwhile: (requests) => store.settleMeanwhile(requests),
    sync: () => store.sync(),
    afterReplies: () => store.afterReplies(),
    look: () => store.look(),
    loginsGone: (tokenHashes) => store.loginsGone(tokenHashes),
    loginEnds: () => store.loginEnds(),
    observe: (observer) => store.observe(observer),
    close: () => store.close(),
    ...replaced,
  };
}
