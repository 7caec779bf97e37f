/** The users: the three of the demonstration, and what a name may be. Nothing on the wire edits them. */
import { MAX_USER_NAME_LENGTH } from './user-limits.ts';

export interface User {
  /** In Unicode normal form C; see nameFault. */
  readonly name: string;
  /** The hash of the password; see password-hash.ts. */
  readonly password: string;
}

/** The users of a server that was given none. Their passwords are public: they stand in README.md. */
export const USERS: readonly User[] = [
  {
    name: 'alice',
    password:
      '$scrypt$ln=14,r=8,p=1$imvlDAD8jSApRZ49/NTaKw$po1UEEig6gkPDeq40YnjpOO3V+NOj3Z97JxHLh9sSm0',
  },
  {
    name: 'bob',
    password:
      '$scrypt$ln=14,r=8,p=1$bydATA8zQf2Eoy8GoNmDiQ$APbY2Pjov83K6pc8vx2f8dM0+BgBTNU3RPvz5XeBidM',
  },
  {
    name: 'carol',
    password:
      '$scrypt$ln=14,r=8,p=1$jicaUzj1Cc8kL9qnLPZjnw$eC9gN3RvTLLYOoOPLz7m1f+INjkN7LmYTxeQSa0WaDI',
  },
];

/** Spaces and line ends of any script; characters that control, that cannot be seen, or that stand for none. */
const NOT_IN_A_NAME = /[\p{Z}\p{Cc}\p{Cf}\p{Cs}\p{Co}\u{fffd}]/u;

/** Why a text is no user's name: a sentence without its subject, which is "a user's name". Null when it is one. */
export function nameFault(name: string): string | null {
  if (name === '') return 'is not empty';
  if (NOT_IN_A_NAME.test(name)) return 'has no spaces and no control characters';
  if ([...name].length > MAX_USER_NAME_LENGTH) {
    return `has at most ${MAX_USER_NAME_LENGTH} characters`;
  }
  return null;
}
