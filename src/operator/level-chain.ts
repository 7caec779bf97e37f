/**
 * Whether the changes of a level lead from the first level to the last one, each beginning where another ended:
 * without a gap, and without one level used twice. The changes may come in any order, and nothing of them is
 * kept: every level that is left is added to a sum, every level that is reached is taken away, each as a
 * random 64-bit number that stands for it. The sums come out as they should only when the levels do.
 */
import { randomBytes } from 'node:crypto';

const KEYS = new Int32Array(randomBytes(16).buffer.slice(0, 16));
const [KEY_1, KEY_2, KEY_3, KEY_4] = KEYS as unknown as [number, number, number, number];

const TWO_TO_32 = 2 ** 32;

export class LevelChain {
  #first = 0;
  #second = 0;

  /** Adds a change of the level. */
  add(from: number, to: number): void {
    this.#count(from, 1);
    this.#count(to, -1);
  }

  /** Whether the changes lead from `first` to `last`. */
  leads(first: number, last: number): boolean {
    this.#count(last, 1);
    this.#count(first, -1);
    const isClosed = this.#first === 0 && this.#second === 0;
    this.#count(last, -1);
    this.#count(first, 1);
    return isClosed;
  }

  #count(level: number, times: 1 | -1): void {
    const low = level | 0;
    const high = Math.floor(level / TWO_TO_32) | 0;
    const first = mixed(low ^ KEY_1, high ^ KEY_2);
    const second = mixed(low ^ KEY_3, high ^ KEY_4);
    this.#first = (this.#first + times * first) | 0;
    this.#second = (this.#second + times * second) | 0;
  }
}

/** 32 bits that change by half when any bit of the two changes (the finalizer of MurmurHash3, over both). */
export function mixed(low: number, high: number): number {
  let hash = Math.imul(low ^ (low >>> 16), 0x85ebca6b) ^ Math.imul(high, 0xc2b2ae35);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  hash = Math.imul(hash ^ (hash >>> 16), 0x27d4eb2f) ^ high;
  return hash ^ (hash >>> 15);
}
