/**
 * Copies a data file as it is at one moment, and checks the copy, in a thread: both take seconds, in which the
 * process must follow its signals and show how far it is.
 */
import { Worker } from 'node:worker_threads';
import { lastBatchSql, NUMBERED_SINCE } from './batch-count.ts';

/** What stands in a copy. */
export interface CopyContent {
  readonly items: number;
  readonly orders: number;
  readonly logins: number;
  /** The number of the last batch that is in it. */
  readonly committed: number;
  /** The version of its tables. */
  readonly version: number;
}

/**
 * What the thread runs: a text, because an executable has no files to start a thread from.
 *
 * VACUUM INTO reads in one transaction, so that it ends however much is sold meanwhile; SQLite's online backup
 * begins again with each commit. The name of the opening is cleared, so that no log of the file that was copied
 * is ever taken for one of the copy.
 */
const THREAD = `
  const { parentPort, workerData } = require('node:worker_threads');
  const { DatabaseSync } = require('node:sqlite');
  const { source, copy, readOnly } = workerData;

  function copyWhole() {
    const db = new DatabaseSync(source, { readOnly, timeout: 5_000 });
    try {
      db.prepare('VACUUM INTO ?').run(copy);
    } finally {
      db.close();
    }
  }

  function forgetOpening(db) {
    const columns = db.prepare('PRAGMA table_info(batches)').all();
    if (columns.some(({ name }) => name === 'opening')) db.exec("UPDATE batches SET opening = ''");
  }

  function quickCheck(db) {
    const found = db.prepare('PRAGMA quick_check').all().map((row) => row.quick_check);
    if (found[0] !== 'ok') throw new Error(found.slice(0, 3).join('; '));
  }

  const lastBatchSql = (version) =>
    version < ${NUMBERED_SINCE} ? '${lastBatchSql(NUMBERED_SINCE - 1)}' : '${lastBatchSql(NUMBERED_SINCE)}';

  const count = (db, table) => db.prepare('SELECT count(*) AS count FROM ' + table).get().count;

  if (source !== null) copyWhole();
  const db = new DatabaseSync(copy);
  try {
    forgetOpening(db);
    quickCheck(db);
    const { user_version: version } = db.prepare('PRAGMA user_version').get();
    const { committed } = db.prepare(lastBatchSql(version)).get();
    const [items, orders, logins] = ['stock', 'orders', 'logins'].map((table) => count(db, table));
    parentPort.postMessage({ items, orders, logins, committed, version });
  } finally {
    db.close();
  }
`;

export interface CopyTask {
  /** Null: `copy` has its rows already, and is checked. */
  readonly source: string | null;
  /** An empty file, when there is a source. */
  readonly copy: string;
  /** Leaves what stands beside `source` as it is; there must be a log. */
  readonly readOnly: boolean;
}

/** Copies, and checks what SQLite can check. Rejects with SQLite's error, and when the copy is not sound. */
export async function copyInThread(task: CopyTask): Promise<CopyContent> {
  const thread = new Worker(THREAD, { eval: true, workerData: task });
  return await new Promise((resolve, reject) => {
    thread.on('message', resolve);
    thread.on('error', reject);
    thread.on('exit', () => reject(new Error('the thread that copies ended too early')));
  });
}
