import type { Settlement } from '../../../inventory/model.ts';

/** A batch whose commit was sent and not answered, and what to answer if it was committed. */
export interface InDoubtBatch extends Settlement {
  readonly batch: number;
  /** It is known to be committed; only its pages are not read yet. */
  readonly isCommitted: boolean;
}
