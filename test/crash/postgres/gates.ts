import { Gate } from '../kill/gate.ts';
import type { Random } from '../support/random.ts';

/** Leads each client to any one of the servers that are up. */
export class Gates extends Gate {
  readonly #random: Random;
  readonly #ports = new Set<number>();

  constructor(random: Random) {
    super();
    this.#random = random;
  }

  add(port: number): void {
    this.#ports.add(port);
    this.open(port);
  }

  remove(port: number): void {
    this.#ports.delete(port);
    const [other] = this.#ports;
    if (other === undefined) this.close();
    else this.open(other);
  }

  override async port(): Promise<number> {
    const any = await super.port();
    return this.#ports.size === 0 ? any : this.#random.pick([...this.#ports]);
  }
}
