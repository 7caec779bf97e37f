/** The users, built in. Nothing on the wire edits them, and no password is in the program: only scrypt hashes. */

export interface User {
  readonly name: string;
  /** base64url */
  readonly salt: string;
  /** base64url of the scrypt hash; its cost is in server/passwords.ts. */
  readonly hash: string;
}

export const USERS: readonly User[] = [
  {
    name: 'alice',
    salt: 'imvlDAD8jSApRZ49_NTaKw',
    hash: 'po1UEEig6gkPDeq40YnjpOO3V-NOj3Z97JxHLh9sSm0',
  },
  {
    name: 'bob',
    salt: 'bydATA8zQf2Eoy8GoNmDiQ',
    hash: 'APbY2Pjov83K6pc8vx2f8dM0-BgBTNU3RPvz5XeBidM',
  },
  {
    name: 'carol',
    salt: 'jicaUzj1Cc8kL9qnLPZjnw',
    hash: 'eC9gN3RvTLLYOoOPLz7m1f-INjkN7LmYTxeQSa0WaDI',
  },
];
