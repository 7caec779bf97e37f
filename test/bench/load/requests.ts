/**
 * Purchases as ready bytes, each with a fresh UUIDv7: written once, then only the digits of the id
 * that tell the time and the count are changed. This is what keeps the generator cheaper than any
 * server it loads.
 */
import { randomInt, randomUUID } from 'node:crypto';
import type { Dialect } from './dialects.ts';
import type { Upcs } from './job.ts';

/** Far more than can be under way, so that no request is changed before it is sent. */
const SLOTS = 1 << 15;

const DIGITS = Buffer.from('0123456789abcdef', 'latin1');
const MAX_COUNT = 0xfff;

export class Requests {
  readonly #bytes: Buffer;
  readonly #length: number;
  /** Where the order id stands in a request. */
  readonly #idOffset: number;
  #slot = 0;
  #time = 0;
  readonly #timeDigits = new Uint8Array(12);
  #count = 0;

  constructor(dialect: Dialect, upcs: Upcs) {
    const id = randomUUID();
    const first = dialect.purchase(upcs.first, id);
    this.#length = first.length;
    this.#idOffset = first.indexOf(id);
    const requests: Buffer[] = [];
    for (let slot = 0; slot < SLOTS; slot++) {
      const upc = upcs.first + randomInt(upcs.count);
      // A UUIDv7 but for its time: the version digit, then the variant and random bits of any UUID.
      const request = dialect.purchase(upc, `00000000-0000-7${randomUUID().slice(15)}`);
      if (request.length !== this.#length) throw new Error('requests differ in length');
      requests.push(request);
    }
    this.#bytes = Buffer.concat(requests);
  }

  /** The bytes of the next `count` purchases. Good until SLOTS more were taken. */
  take(count: number): Buffer {
    if (this.#slot + count > SLOTS) this.#slot = 0;
    const now = Date.now();
    if (now > this.#time) this.#setTime(now);
    const start = this.#slot * this.#length;
    const end = start + count * this.#length;
    for (let at = start + this.#idOffset; at < end; at += this.#length) this.#stamp(at);
    this.#slot += count;
    return this.#bytes.subarray(start, end);
  }

  #setTime(time: number): void {
    this.#time = time;
    this.#count = 0;
    const digits = time.toString(16).padStart(12, '0');
    for (let index = 0; index < 12; index++) this.#timeDigits[index] = digits.charCodeAt(index);
  }

  /** Ids in the order in which they are sent, as clients with good clocks make them. */
  #stamp(at: number): void {
    if (this.#count > MAX_COUNT) this.#setTime(this.#time + 1);
    const bytes = this.#bytes;
    const digits = this.#timeDigits;
    const count = this.#count++;
    for (let index = 0; index < 8; index++) bytes[at + index] = digits[index] as number;
    for (let index = 8; index < 12; index++) bytes[at + index + 1] = digits[index] as number;
    bytes[at + 15] = DIGITS[count >> 8] as number;
    bytes[at + 16] = DIGITS[(count >> 4) & 15] as number;
    bytes[at + 17] = DIGITS[count & 15] as number;
  }
}
