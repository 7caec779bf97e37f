import type { Settlement } from '../../../inventory/model.ts';
import type { Loaded } from './loaded.ts';

/** A batch whose commit was sent and not answered, and what to answer if it was committed. */
export interface InDoubtBatch extends Settlement {
  readonly batch: number;
  /** What it was decided on. */
  readonly rows: Loaded;
  /** It is known to be committed; only its pages are not read yet. */
  readonly isCommitted: boolean;
}
