/**
 * Waiting for the next request without sleeping in epoll, where it pays: being woken up takes longer than a whole turn
 * of the event loop, for each request of a buyer who buys one by one.
 */
import { availableParallelism } from 'node:os';

/** How long to spin before sleeping. */
const SPIN_MS = 0.2;

/** On one processor spinning would be in the way of the client. */
const CAN_SPIN = availableParallelism() > 1;

export class IdleSpin {
  readonly #isIdle: () => boolean;
  /** When everything was answered last. */
  #answeredAt = 0;
  /** Requests arrive less than SPIN_MS apart, so spinning for the next one beats sleeping in epoll. */
  #shouldSpin = false;

  constructor(isIdle: () => boolean) {
    this.#isIdle = isIdle;
  }

  /** To be called when a request comes while nothing else is to be done. */
  ended(): void {
    this.#shouldSpin = CAN_SPIN && performance.now() - this.#answeredAt < SPIN_MS;
  }

  /** To be called when everything is answered. */
  begin(): void {
    if (CAN_SPIN) this.#answeredAt = performance.now();
    if (this.#shouldSpin) this.#turn();
  }

  /** Keeps the event loop turning. */
  #turn(): void {
    if (!this.#isIdle() || performance.now() - this.#answeredAt > SPIN_MS) return;
    setImmediate(() => this.#turn());
  }
}
