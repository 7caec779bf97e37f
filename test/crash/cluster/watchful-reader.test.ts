/** The reader notices a server that tells what was overtaken. */
import { expect, test, vi } from 'vitest';
import { OK } from '../../../src/protocol/encoder.ts';
import { ErrorReply } from '../../../src/protocol/error-codes.ts';
import type { ReplyValue } from '../../../src/protocol/reply-decoder.ts';
import { type Answer, fakeServer } from '../../shop/support/servers.ts';
import { Random } from '../support/random.ts';
import { ShopLedger } from './shop-ledger.ts';
import { WatchfulReader } from './watchful-reader.ts';

/** What a server tells that knows one sale less, and not of the logout. */
const OLD: Readonly<Record<string, Answer>> = {
  AUTH: OK,
  INVENTORY: [{ upc: 1001, name: 'pin', available: 5 }],
  ORDER: ErrorReply.received('NOORDER no such order'),
  RESUME: { user: 'alice' },
};

/** What a server tells that knows everything. */
const NEW: Readonly<Record<string, Answer>> = {
  AUTH: OK,
  INVENTORY: [{ upc: 1001, name: 'pin', available: 4 }],
  ORDER: {
    ...{ order: 'mine', at: 1, replayed: true },
    lines: [{ upc: 1001, qty: 1, available: 4 }],
  },
  RESUME: ErrorReply.received('NOSESSION no such login'),
};

async function violationsOf(answers: Readonly<Record<string, Answer>>): Promise<string[]> {
  const server = await fakeServer(([verb = '']) => answers[verb]);
  const ledger = new ShopLedger();
  const line = new Map<string, ReplyValue>(Object.entries({ upc: 1001, qty: 1, available: 4 }));
  const receipt = new Map<string, ReplyValue>(
    Object.entries({ at: 1, replayed: false, lines: [line] }),
  );
  const entry = ledger.sending('alice', 'mine', [{ upc: 1001, qty: 1 }]);
  ledger.answered(entry, receipt, false);
  ledger.loggedOut(ledger.loggedIn('alice', 'token'));
  const reader = new WatchfulReader(server.address.port, ledger, new Random(1));
  await vi.waitFor(() => expect(reader.reads).toBeGreaterThanOrEqual(3), { timeout: 5_000 });
  await reader.stop();
  return [...new Set(ledger.violations)];
}

test('an old level, an order that is gone and a login that is back are violations', async () => {
  expect(await violationsOf(OLD)).toEqual([
    'item 1001: INVENTORY told 5 available after a receipt told 4',
    expect.stringMatching(/^order mine of alice: lost, it was bought/),
    expect.stringMatching(/^a login of alice is back from the dead/),
  ]);
});

test('what is as it was told is none', async () => {
  expect(await violationsOf(NEW)).toEqual([]);
});
