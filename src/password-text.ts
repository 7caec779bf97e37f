/**
 * Passwords as they are compared: prepared as OpaqueString of RFC 8265 prepares them, so that the same
 * characters are the same password whichever keyboard made them. Every space is U+0020, and the text
 * is in Unicode normal form C. Case counts, and nothing is trimmed.
 */

/** Bytes of a password in UTF-8, prepared: with a name it fits into a request before login. */
export const MAX_PASSWORD_BYTES = 512;

/** Why a text is no password: a sentence without its subject, which is "a password". Null when it is one. */
export function passwordFault(password: string): string | null {
  if (password === '') return 'is not empty';
  if (!password.isWellFormed()) return 'is Unicode text';
  if (/\p{Cc}/u.test(password)) return 'has no control characters, and no NUL';
  if (Buffer.byteLength(preparePassword(password)) > MAX_PASSWORD_BYTES) {
    return `has at most ${MAX_PASSWORD_BYTES} bytes`;
  }
  return null;
}

export function preparePassword(password: string): string {
  return password.replace(/\p{Zs}/gu, ' ').normalize('NFC');
}
