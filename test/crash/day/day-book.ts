/**
 * What the day's load knows by itself: the orders (as in the crash campaign's ledger), the restocks, who
 * may log in with which password, and who is out. Nothing of it comes from the server's data.
 */
import { Ledger } from '../kill/ledger.ts';

export interface RestockEntry {
  readonly id: string;
  readonly upc: number;
  readonly units: number;
  readonly reason: string;
  /** What the command said, the first time that it was heard; null: not known. */
  outcome: { readonly at: string; readonly available: number } | null;
}

export type Count =
  | 'replayed'
  | 'reused'
  | 'asked'
  | 'logins'
  | 'restocks'
  | 'restocksReplayed'
  | 'restocksRefused'
  | 'restocksKilled'
  | 'usersAdded'
  | 'usersRemoved'
  | 'passwordsChanged'
  | 'loginsEnded'
  | 'backups'
  | 'drills'
  | 'kills'
  | 'stops'
  | 'evenings'
  | 'holds'
  | 'returns'
  | 'retried';

export class DayBook {
  readonly ledger = new Ledger();
  /** Those that happened, or may have. One that was refused leaves its id free, and is not here. */
  readonly restocks = new Map<string, RestockEntry>();
  readonly passwords = new Map<string, string>();
  /** Tokens by user that must be alive. */
  readonly tokens = new Map<string, Set<string>>();
  /** Tokens that the operator ended, or whose user was removed or got another password. */
  readonly endedTokens = new Set<string>();
  /** Names and passwords that were in force once. */
  readonly formerPasswords: { readonly user: string; readonly password: string }[] = [];
  /** By user; odd while logins of that user are being ended. */
  readonly #epochs = new Map<string, number>();
  readonly counts: Record<Count, number> = {
    replayed: 0,
    reused: 0,
    asked: 0,
    logins: 0,
    restocks: 0,
    restocksReplayed: 0,
    restocksRefused: 0,
    restocksKilled: 0,
    usersAdded: 0,
    usersRemoved: 0,
    passwordsChanged: 0,
    loginsEnded: 0,
    backups: 0,
    drills: 0,
    kills: 0,
    stops: 0,
    evenings: 0,
    holds: 0,
    returns: 0,
    retried: 0,
  };

  violation(sentence: string): void {
    this.ledger.violation(sentence);
  }

  /** Call before a LOGIN, for loggedIn(). */
  loginEpoch(user: string): number {
    return this.#epochs.get(user) ?? 0;
  }

  /** A login that was made while others of its user were being ended may be one of those: it proves nothing. */
  loggedIn(user: string, token: string, epoch: number): void {
    this.counts.logins++;
    if (epoch !== this.loginEpoch(user) || epoch % 2 === 1) return;
    const own = this.tokens.get(user);
    if (own === undefined) this.tokens.set(user, new Set([token]));
    else own.add(token);
  }

  /** Call before logins of a user are ended. Returns the tokens that must be out afterwards. */
  beginEnding(user: string): string[] {
    this.#epochs.set(user, this.loginEpoch(user) + 1);
    const tokens = [...(this.tokens.get(user) ?? [])];
    this.tokens.delete(user);
    return tokens;
  }

  /** Call when those logins are over. */
  finishEnding(user: string): void {
    this.#epochs.set(user, this.loginEpoch(user) + 1);
  }
}
