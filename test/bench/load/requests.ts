/**
 * Requests as ready bytes, each purchase and each hold with a fresh UUIDv7: written once, then only the digits of the
 * id that tell the time and the count are changed. This is what keeps the generator cheaper than any
 * server it loads.
 */
import { randomInt, randomUUID } from 'node:crypto';
import type { Dialect } from './dialects.ts';
import type { LoadKind, Upcs } from './job.ts';

/** Far more than can be under way, so that no request is changed before it, and what follows it, is sent. */
const SLOTS = 1 << 15;

const DIGITS = Buffer.from('0123456789abcdef', 'latin1');
const MAX_COUNT = 0xfff;

/** What is sent one after the other under one order id, each when the reply to the one before is there. */
type Step = (dialect: Dialect, upc: number, order: string) => Buffer;

const STEPS: Record<LoadKind, readonly Step[]> = {
  purchase: [(dialect, upc, order) => dialect.purchase(upc, order)],
  hold: [(dialect, upc, order) => dialect.hold(upc, order)],
  'hold-confirm': [
    (dialect, upc, order) => dialect.hold(upc, order),
    (dialect, _, order) => dialect.confirm(order),
  ],
};

/** The requests of one step, a slot each. */
interface ReadyBytes {
  readonly bytes: Buffer;
  /** Of one request. */
  readonly length: number;
  /** Where the order id stands in a request. */
  readonly idOffset: number;
}

export class Requests {
  /** How many requests follow each other under one id. */
  readonly steps: number;
  readonly #ready: readonly ReadyBytes[];
  #nextSlot = 0;
  #time = 0;
  readonly #timeDigits = new Uint8Array(12);
  #count = 0;

  constructor(dialect: Dialect, upcs: Upcs, kind: LoadKind = 'purchase') {
    const steps = STEPS[kind];
    this.steps = steps.length;
    const slots = Array.from({ length: SLOTS }, () => ({
      upc: upcs.first + randomInt(upcs.count),
      // A UUIDv7 but for its time: the version digit, then the variant and random bits of any UUID.
      id: `00000000-0000-7${randomUUID().slice(15)}`,
    }));
    this.#ready = steps.map((step) => {
      const requests = slots.map(({ upc, id }) => step(dialect, upc, id));
      const [first] = requests as [Buffer];
      const { length } = first;
      if (requests.some((request) => request.length !== length)) {
        throw new Error('requests differ in length');
      }
      const idOffset = first.indexOf((slots[0] as { id: string }).id);
      return { bytes: Buffer.concat(requests), length, idOffset };
    });
  }

  /** Gives the next `count` slots a fresh id each, and returns the first of them. They stay so until SLOTS more were taken. */
  take(count: number): number {
    if (this.#nextSlot + count > SLOTS) this.#nextSlot = 0;
    const now = Date.now();
    if (now > this.#time) this.#setTime(now);
    const slot = this.#nextSlot;
    this.#nextSlot += count;
    for (let index = slot; index < slot + count; index++) this.#stamp(index);
    return slot;
  }

  /** The bytes of one step of `count` slots that were taken together. */
  bytes(step: number, slot: number, count: number): Buffer {
    const { bytes, length } = this.#ready[step] as ReadyBytes;
    return bytes.subarray(slot * length, (slot + count) * length);
  }

  #setTime(time: number): void {
    this.#time = time;
    this.#count = 0;
    const digits = time.toString(16).padStart(12, '0');
    for (let index = 0; index < 12; index++) this.#timeDigits[index] = digits.charCodeAt(index);
  }

  /** Ids in the order in which they are sent, as clients with good clocks make them; the same in all steps of a slot. */
  #stamp(slot: number): void {
    if (this.#count > MAX_COUNT) this.#setTime(this.#time + 1);
    const digits = this.#timeDigits;
    const count = this.#count++;
    for (const { bytes, length, idOffset } of this.#ready) {
      const at = slot * length + idOffset;
      for (let index = 0; index < 8; index++) bytes[at + index] = digits[index] as number;
      for (let index = 8; index < 12; index++) bytes[at + index + 1] = digits[index] as number;
      bytes[at + 15] = DIGITS[count >> 8] as number;
      bytes[at + 16] = DIGITS[(count >> 4) & 15] as number;
      bytes[at + 17] = DIGITS[count & 15] as number;
    }
  }
}
