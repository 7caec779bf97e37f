/** The account of alice on this machine, and a client attached to a server that says what a test wants. */
import { Client } from '../../../src/client/client.ts';
import type { Settling } from '../../../src/shop/outbox.ts';
import { Accounts } from '../../../src/shop/state/accounts.ts';
import { LocalInventory } from '../../../src/shop/state/local-inventory.ts';
import { StateFile } from '../../../src/shop/state/state-file.ts';
import { type FakeServer, temporary } from './servers.ts';

export const KEY = 'alice@localhost:5050';
const SERVER = { host: 'localhost', port: 5050 };
/** Where open orders were sent. */
export const SENT = { server: 'localhost:5050', since: '' };

export async function newLocal(): Promise<LocalInventory> {
  const file = new StateFile(temporary(), () => undefined);
  await new Accounts(file).save(SERVER, null, { user: 'alice', token: 't', since: 1 }, true);
  return new LocalInventory(file);
}

/** `notes`: what the customer is told on stderr. The server is taken to be where the open orders were sent. */
export async function settlingAt(
  { address }: FakeServer,
  local: LocalInventory,
): Promise<Settling & { notes: string[] }> {
  const notes: string[] = [];
  const notify = (sentence: string): void => {
    notes.push(sentence);
  };
  const client = await Client.connect(address);
  return { client, server: SERVER, local, key: KEY, pauses: [], notify, notes };
}
