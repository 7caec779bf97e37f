/** Copies of a data file as it is at one moment, made while a server sells from it or without one. */
import { existsSync, statSync } from 'node:fs';
import { whyUnwritten } from '../../file-reasons.ts';
import { StoreRefused } from '../../inventory/store.ts';
import { AckedCount } from './acked-count.ts';
import { type CopyContent, copyInThread } from './copy-thread.ts';
import { existingDataFile } from './data-file-checks.ts';
import { type DraftFile, makeDraft } from './draft-file.ts';
import { checkLog } from './open-for-operator.ts';
import { isDiskFull, refusalOf } from './why-unusable.ts';

/** `done` of `total` bytes that are copied, or orders of the copy that are checked. */
export type OnCopyProgress = (stage: 'copying' | 'checking', done: number, total: number) => void;

export interface CheckedCopy {
  readonly draft: DraftFile;
  readonly content: CopyContent;
  /** When the copy was begun: it holds all that was acknowledged before, in milliseconds since 1970 UTC. */
  readonly at: number;
}

/**
 * Copies the data file `name` into a draft beside `target`, and checks that SQLite finds no damage in it, and that
 * it holds everything that was acknowledged before. The caller finishes the draft and disposes of it. Throws
 * StoreRefused, and has left nothing behind then; `remedy` is what its sentence says to do about a file that is not there.
 */
export async function copyDataFile(
  name: string,
  target: string,
  onProgress: OnCopyProgress,
  remedy?: string,
): Promise<CheckedCopy> {
  const source = existingDataFile(name, remedy);
  try {
    await checkLog(source);
  } catch (error) {
    throw refusalOf(error, source, { deed: 'read' });
  }
  const hasLog = existsSync(`${source}-wal`);
  const { size } = statSync(source);
  const acked = AckedCount.read(`${source}-acked`, source);
  const at = Date.now();
  const draft = makeDraft(target, (bytes) => onProgress('copying', Math.min(bytes, size), size));
  try {
    const task = { source, copy: draft.path, readOnly: hasLog };
    const content = await copyInThread(task);
    if (content.committed < acked) {
      throw new Error(
        `it holds ${content.committed} batches of orders, but ${acked} were acknowledged`,
      );
    }
    return { draft, content, at };
  } catch (error) {
    const full = [target, source].find((path) => isDiskFull(error, path));
    draft[Symbol.dispose]();
    const [why, what] =
      full === undefined
        ? [
            whyUnwritten(error),
            'Look at the disk; if the data file itself is damaged, restore the newest backup',
          ]
        : [`the disk of ${full} is full`, 'Make room, and try again'];
    throw new StoreRefused(
      `cannot copy ${source} to ${target}: ${why}; nothing was kept of the copy. ${what}`,
      { cause: error },
    );
  }
}
