/** Forgets an open order of the account that is acted for, without asking a server for its outcome. */
import type { Address } from '../../client/address.ts';
import { accountsAt, actingAt, nameAt } from './find-account.ts';
import type { Account } from './state.ts';
import type { StateFile } from './state-file.ts';

export interface Dropped {
  /** The account whose order it was, as people are told it; null when it had none of that id. */
  readonly from: string | null;
  /** The account that is acted for; null when nobody has logged in. */
  readonly acting: string | null;
  /** Other accounts at this server that have an open order of that id. */
  readonly others: readonly { readonly account: string; readonly user: string }[];
}

/**
 * `user`: the one to act for; null for whoever logged in last. One user may have accounts of several shops that stood
 * at this server's address, and each is meant: it is the shops that are no more whose orders are dropped.
 */
export function dropOrder(
  file: StateFile,
  server: Address,
  user: string | null,
  order: string,
): Promise<Dropped> {
  return file.update((state) => {
    const acting = actingAt(state, server, user);
    const who = user ?? acting?.user;
    const holders = accountsAt(state, server)
      .map(([, account]) => account)
      .filter(({ openOrders }) => openOrders.some((one) => one.order === order));
    const own = holders.filter((one) => one.user === who);
    const found = own.find((one) => one === acting) ?? own[0];
    if (found !== undefined) {
      found.openOrders = found.openOrders.filter((one) => one.order !== order);
    }
    const named = (account: Account): string => nameAt(server, account);
    return {
      from: found === undefined ? null : named(found),
      acting: acting === null ? null : named(acting),
      others: holders
        .filter((one) => one.user !== who)
        .map((one) => ({ account: named(one), user: one.user })),
    };
  });
}
