/** The account of alice on this machine, and a client attached to a server that says what a test wants. */
import { Client } from '../../../src/client/client.ts';
import type { Settling } from '../../../src/shop/outbox.ts';
import { Accounts } from '../../../src/shop/state/accounts.ts';
import { LocalInventory } from '../../../src/shop/state/local-inventory.ts';
import { StateFile } from '../../../src/shop/state/state-file.ts';
import { type FakeServer, temporary } from './servers.ts';

export const KEY = 'alice@localhost:5050';

export async function newLocal(): Promise<LocalInventory> {
  const file = new StateFile(temporary(), () => undefined);
  const server = { host: 'localhost', port: 5050 };
  await new Accounts(file).save(server, null, { user: 'alice', token: 't', since: 1 }, true);
  return new LocalInventory(file);
}

/** `notes`: what the customer is told on stderr. */
export async function settlingAt(
  { address }: FakeServer,
  local: LocalInventory,
): Promise<Settling & { notes: string[] }> {
  const notes: string[] = [];
  const notify = (sentence: string): void => {
    notes.push(sentence);
  };
  return { client: await Client.connect(address), local, key: KEY, pauses: [], notify, notes };
}
