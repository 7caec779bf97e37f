/** Customers who hold units, end their holds in every way, and give back what they bought: the holders of kill/holder.ts. */
import { setTimeout as pause } from 'node:timers/promises';
import { Holder } from '../kill/holder.ts';
import type { Random } from '../support/random.ts';
import { Lost, WireClient } from '../support/wire-client.ts';
import type { DayBook } from './day-book.ts';
import { logIn, PAUSE_MS, type ShopDoor } from './shop-door.ts';

/** Holds and gives back while `isOpen`; ends when every request of this holder has its answer. */
export async function holdAndReturn(
  user: string,
  random: Random,
  book: DayBook,
  door: ShopDoor,
  isOpen: () => boolean,
): Promise<void> {
  const market = {
    ledger: book.ledger,
    counts: book.counts,
    get closing() {
      return !isOpen();
    },
    mayBeAway: true,
    pauseMs: 0,
    enter: () => enter(user, book, door),
  };
  await new Holder(user, random, market).run();
}

async function enter(user: string, book: DayBook, door: ShopDoor): Promise<WireClient> {
  const client = await WireClient.open(await door.port());
  try {
    const epoch = book.loginEpoch(user);
    const token = await logIn(client, user, book.passwords.get(user) as string);
    if (token === null) {
      // The password may have been changed a moment ago.
      await pause(PAUSE_MS);
      throw new Lost('the password is not in force');
    }
    book.loggedIn(user, token, epoch);
    client.losesLogin = true;
    return client;
  } catch (error) {
    client.drop();
    throw error;
  }
}
