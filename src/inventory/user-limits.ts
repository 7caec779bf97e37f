/** How long the name of a user may be, and how much one user may have in the store. */

/** Characters of a user's name. */
export const MAX_USER_NAME_LENGTH = 64;

/** Logins made with LOGIN that one user has at once. With one more, the oldest ends. */
export const MAX_LOGINS_OF_USER = 1_000;

/** Logins beyond that limit that end with one batch: a user who has many more must not make the others wait. */
export const MAX_LOGINS_ENDED_AT_ONCE = 500;

/** Refused orders of one user that are kept in a row, after a while without any. */
export const MAX_KEPT_REFUSALS_AT_ONCE = 50_000;

/** Refused orders of one user that are kept a second, in the long run. */
export const MAX_KEPT_REFUSALS_PER_SECOND = 50;

/** Seconds for which units are held, unless the operator has set another bound: time to pay in. */
export const DEFAULT_MAX_HOLD = 900;

/** The greatest bound that an operator can set: a day. */
export const GREATEST_MAX_HOLD = 86_400;

/** Live holds that one user has at once, unless the operator has set another bound. */
export const DEFAULT_MAX_HOLDS = 1_000;
