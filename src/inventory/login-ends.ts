/**
 * The operator's ends of logins, as far as they are known. A login that is kept is ended by deleting it; one that lives
 * as long as its connection (AUTH) has no row anywhere, so what is kept is that its user's logins were ended.
 */

/** The logins of `user` were ended. Later ends have greater numbers, those of other users too. */
export interface LoginEnd {
  readonly user: string;
  readonly number: number;
}

export class LoginEnds {
  readonly #ofUsers = new Map<string, number>();
  #last = 0;

  constructor(ends: readonly LoginEnd[] = []) {
    this.add(ends);
  }

  /** The number of the last end of any user; 0 before the first. */
  get last(): number {
    return this.#last;
  }

  /** Takes ends in the order of their numbers. */
  add(ends: readonly LoginEnd[]): void {
    for (const { user, number } of ends) {
      this.#ofUsers.set(user, number);
      this.#last = number;
    }
  }

  /** Whether a login that lives as long as its connection was ended. Most are younger than any end: no look-up then. */
  have({ user, madeAfter = 0 }: { readonly user: string; readonly madeAfter?: number }): boolean {
    return madeAfter < this.#last && madeAfter < (this.#ofUsers.get(user) ?? 0);
  }
}
