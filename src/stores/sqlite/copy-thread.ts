/**
 * Copies a data file as it is at one moment, and checks the copy, in a thread: both take seconds, in which the
 * process must follow its signals and show how far it is.
 */
import { Worker } from 'node:worker_threads';

/** What stands in a copy. */
export interface CopyContent {
  readonly items: number;
  readonly orders: number;
  readonly logins: number;
  /** The number of the last batch that is in it. */
  readonly committed: number;
  /** Each item whose books do not balance, as a sentence; at most NAMED_FAULTS. */
  readonly faults: readonly string[];
}

const NAMED_FAULTS = 5;

/** Orders between two reports. */
const REPORT_EVERY = 50_000;

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
  const { source, copy, readOnly, reportEvery, namedFaults } = workerData;

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

  const count = (db, table) => db.prepare('SELECT count(*) AS count FROM ' + table).get().count;

  // '[[upc,qty,available],…]', read without making a list of it: most of the time goes into this.
  function unitsSold(db, orders) {
    const sold = new Map();
    const unreadable = [];
    const select = db.prepare('SELECT lines, id FROM orders WHERE refusal IS NULL');
    select.setReturnArrays(true);
    let done = 0;
    for (const [lines, id] of select.iterate()) {
      let start = lines.indexOf('[', 1);
      do {
        const comma = lines.indexOf(',', start);
        const upc = Number(lines.slice(start + 1, comma));
        const units = Number(lines.slice(comma + 1, lines.indexOf(',', comma + 1)));
        if (start === -1 || comma === -1 || !Number.isSafeInteger(upc) || !Number.isSafeInteger(units)) {
          if (unreadable.length < namedFaults) unreadable.push('order ' + id + ' cannot be read');
          break;
        }
        sold.set(upc, (sold.get(upc) ?? 0) + units);
        start = lines.indexOf('[', comma);
      } while (start !== -1);
      if (++done % reportEvery === 0) parentPort.postMessage({ done, total: orders });
    }
    return { sold, unreadable };
  }

  function faultsOf(db, { sold, unreadable }) {
    const faults = [...unreadable];
    const select = db.prepare('SELECT upc, units, available FROM stock ORDER BY upc');
    select.setReadBigInts(true);
    for (const { upc, units, available } of select.iterate()) {
      const bought = sold.get(Number(upc)) ?? 0;
      sold.delete(Number(upc));
      if (units === available + BigInt(bought)) continue;
      faults.push('UPC ' + upc + ': ' + units + ' units, but ' + available + ' available and ' + bought + ' sold');
    }
    for (const [upc, units] of sold) faults.push('UPC ' + upc + ': ' + units + ' sold of an item that is not there');
    return faults.slice(0, namedFaults);
  }

  if (source !== null) copyWhole();
  parentPort.postMessage({ done: 0, total: 0 });
  const db = new DatabaseSync(copy);
  try {
    forgetOpening(db);
    quickCheck(db);
    const orders = count(db, 'orders');
    const faults = faultsOf(db, unitsSold(db, orders));
    const { committed } = db.prepare('SELECT committed FROM batches').get();
    const content = { items: count(db, 'stock'), orders, logins: count(db, 'logins'), committed, faults };
    parentPort.postMessage({ content });
  } finally {
    db.close();
  }
`;

type Message =
  | { readonly done: number; readonly total: number }
  | { readonly content: CopyContent };

export interface CopyTask {
  /** Null: `copy` has its rows already, and is checked. */
  readonly source: string | null;
  /** An empty file, when there is a source. */
  readonly copy: string;
  /** Leaves what stands beside `source` as it is; there must be a log. */
  readonly readOnly: boolean;
}

/**
 * Copies and checks. Rejects with SQLite's error, and when the copy is not sound. `onChecking` is told how many of the
 * orders were checked.
 */
export async function copyInThread(
  task: CopyTask,
  onChecking: (done: number, total: number) => void,
): Promise<CopyContent> {
  const settings = { reportEvery: REPORT_EVERY, namedFaults: NAMED_FAULTS };
  const thread = new Worker(THREAD, { eval: true, workerData: { ...task, ...settings } });
  return await new Promise((resolve, reject) => {
    thread.on('message', (message: Message) => {
      if ('content' in message) resolve(message.content);
      else onChecking(message.done, message.total);
    });
    thread.on('error', reject);
    thread.on('exit', () => reject(new Error('the thread that copies ended too early')));
  });
}
