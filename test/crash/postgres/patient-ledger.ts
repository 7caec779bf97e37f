import type { ReplyValue } from '../../../src/protocol/reply-decoder.ts';
import { Ledger, type LoginEntry } from '../kill/ledger.ts';

/** A server that is killed may leave a LOGOUT behind that the database still carries out a moment later. */
export class PatientLedger extends Ledger {
  override resumed(login: LoginEntry, reply: ReplyValue): void {
    const wasEnding = login.state === 'ending';
    super.resumed(login, reply);
    if (wasEnding && login.state === 'alive') login.state = 'ending';
  }
}
