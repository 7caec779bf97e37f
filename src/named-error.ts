/** The base of our errors: each is called what its class is called, in logs and in stack traces. */
export class NamedError extends Error {
  override get name(): string {
    return this.constructor.name;
  }
}
