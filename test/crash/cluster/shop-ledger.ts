/** The ledger of the crash campaign, which also knows below which level each item must be. */
import type { ReplyValue } from '../../../src/protocol/reply-decoder.ts';
import { outcomeOf, type Rows } from '../kill/checks.ts';
import { isOfKept } from '../kill/hold-checks.ts';
import type { OrderEntry } from '../kill/ledger.ts';
import { PatientLedger } from '../postgres/patient-ledger.ts';
import type { User } from '../support/wire-client.ts';

export class ShopLedger extends PatientLedger {
  readonly #levels = new Map<number, number>();

  /** A ledger that knows what is in the database, and nothing else: after a loss that was accepted. */
  static of(rows: Rows): ShopLedger {
    const ledger = new ShopLedger();
    for (const row of rows.orders()) {
      const lines = (JSON.parse(row.lines) as [number, number][]).map(([upc, qty]) => ({
        upc,
        qty,
      }));
      if (!isOfKept(row)) ledger.sending(row.user, row.id, lines).outcome = outcomeOf(row);
      // Nobody asks about these again: it is enough that they were sent.
      else if (row.of == null) ledger.holds.sending('hold', row.user, row.id, lines, {});
      else ledger.holds.sending('return', row.user, row.id, lines, { of: row.of });
    }
    // The logins are there, and nobody holds their tokens any more.
    for (const { user } of rows.logins()) ledger.lostLogins[user as User]++;
    return ledger;
  }

  override answered(entry: OrderEntry, reply: ReplyValue, wasKnown: boolean): void {
    super.answered(entry, reply, wasKnown);
    if (!(reply instanceof Map)) return;
    for (const line of reply.get('lines') as ReadonlyMap<string, ReplyValue>[]) {
      const [upc, available] = [Number(line.get('upc')), Number(line.get('available'))];
      this.#levels.set(upc, Math.min(this.#levels.get(upc) ?? available, available));
    }
  }

  /** The lowest level of each item that a receipt has told of. Units never come back: nothing older may be told later. */
  levels(): ReadonlyMap<number, number> {
    return new Map(this.#levels);
  }
}
