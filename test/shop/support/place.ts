import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach } from 'vitest';
import type { Address } from '../../../src/client/address.ts';
import { Client } from '../../../src/client/client.ts';
import { Shop } from '../../../src/shop/shop.ts';
import type { Account, State } from '../../../src/shop/state/state.ts';
import { PASSWORDS } from '../../support/in-process.ts';
import { type BadLine, badLine, realServer, temporary } from './servers.ts';

export const TICKETS = [{ upc: 1001, qty: 2 }];

/** One customer's machine, and the line from there to a server; new for each test. */
export interface Place {
  directory: string;
  line: BadLine;
  /** What the customer was told on stderr. */
  notes: string[];
}

export function newPlace(start: () => Promise<Address> = realServer): Place {
  const at = {} as Place;
  beforeEach(async () => {
    at.directory = temporary();
    at.notes = [];
    at.line = await badLine(await start());
  });
  return at;
}

/** A client of its own process, so to say: nothing but the directory is shared with the others. */
export function newShop(
  at: Place,
  server = at.line.address,
  user?: string,
  replyMs = 20_000,
): Shop {
  const notify = (sentence: string): void => {
    at.notes.push(sentence);
  };
  const timeouts = { connectMs: 10_000, replyMs };
  return new Shop({ server, user, directory: at.directory, notify, pauses: [1, 1], timeouts });
}

export function account(at: Place, user = 'alice'): Account {
  const state: State = JSON.parse(readFileSync(join(at.directory, 'shop.json'), 'utf8'));
  const found = Object.values(state.accounts).find((one) => one.user === user);
  if (found === undefined) throw new Error(`no account of ${user}`);
  return found;
}

export function unitsHeld(at: Place, upc = 1001): number {
  return account(at).items.find((item) => item.upc === upc)?.units ?? 0;
}

/** What the server has left of an item. */
export async function available(at: Place, upc: number): Promise<number | undefined> {
  const client = await Client.connect(at.line.target);
  await client.login('carol', PASSWORDS.carol);
  const [item] = await client.inventory([upc]);
  client.close();
  return item?.available;
}
