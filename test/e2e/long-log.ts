import { statSync, writeFileSync } from 'node:fs';
import type { TemporaryFolder } from '../support/folder.ts';
import { commands } from '../support/raw-client.ts';
import { serve } from '../support/serve-process.ts';

/**
 * Serves and buys until the log has been moved into the data file once more, in a thread of the
 * server's own; ends the server in order, and answers how many orders there were.
 */
export async function buyUntilLogIsMoved(folder: TemporaryFolder): Promise<number> {
  const data = folder.file('inventory.db');
  writeFileSync(folder.file('items.json'), '[{"upc":1,"name":"one","units":1000000}]');
  await using server = await serve(data, '--catalog', folder.file('items.json'));
  await using client = await server.login();
  const atFirst = statSync(data).size;
  let bought = 0;
  while (statSync(data).size === atFirst) {
    await client.send(commands(...Array.from({ length: 64 }, () => 'PURCHASE 1 1')));
    for (const { order } of await client.replies(64)) if (order !== undefined) bought++;
  }
  const { code } = await server.stop();
  if (code !== 0) throw new Error(`the server ended with ${code}`);
  return bought;
}
