/** Tells the requests of a batch what became of them. */
import { type Outcome, PUT_OFF } from '../inventory/model.ts';
import { type Settled, StoreUnavailable } from '../inventory/store.ts';
import type { Entry } from './queue-entry.ts';

/** Answers the entries of a settled `batch`, without those that were `served` before. Returns those that are put off. */
export function answerBatch(
  batch: readonly Entry[],
  outcomes: Settled,
  served: ReadonlySet<Entry>,
): Entry[] {
  const putOff: Entry[] = [];
  for (let index = 0; index < batch.length; index++) {
    const outcome = outcomes[index] as Settled[number];
    const entry = batch[index] as Entry;
    if (served.has(entry)) continue;
    const isRefused = outcome instanceof StoreUnavailable;
    if (outcome === PUT_OFF) putOff.push(entry);
    // Nothing happened, so it can wait for what its asker asked before.
    else if (isRefused && putOff.some(({ asker }) => asker === entry.asker)) putOff.push(entry);
    else if (isRefused) entry.fail(outcome);
    else entry.answer(outcome as Outcome);
  }
  return putOff;
}
