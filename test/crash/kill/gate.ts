/** Where the load waits while there is no server to talk to. */
export class Gate {
  #port: number | null = null;
  #waiting: ((port: number) => void)[] = [];
  #whenWaiting: { count: number; resolve: () => void } | null = null;

  open(port: number): void {
    this.#port = port;
    for (const resolve of this.#waiting.splice(0)) resolve(port);
  }

  close(): void {
    this.#port = null;
  }

  /** Resolves with the port when the gate is open. */
  port(): Promise<number> {
    if (this.#port !== null) return Promise.resolve(this.#port);
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      if (this.#whenWaiting?.count === this.#waiting.length) this.#whenWaiting.resolve();
    });
  }

  /** Resolves when `count` clients stand at the closed gate. */
  async waiting(count: number): Promise<void> {
    if (this.#waiting.length === count) return;
    await new Promise<void>((resolve) => {
      this.#whenWaiting = { count, resolve };
    });
    this.#whenWaiting = null;
  }
}
