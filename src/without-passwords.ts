/** The address of a database, wherever people type it: its password is shown to nobody. */

/** Also of a path that was made of the address, in which two slashes are one. A password may have any character in it. */
const PASSWORD = /\b(postgres(?:ql)?:\/+[^\s:@/]*):\S*@/gi;
const PARAMETER = /([?&]password=)[^&\s'"`]*/gi;

/** In a word of the command line, which begins and ends where the address does. */
const TYPED = /\bpostgres(?:ql)?:\/+[^:@/]*(:.*@)/is;
const TYPED_PARAMETER = /[?&]password=([^&]*)/i;

/**
 * `text` with the addresses of databases in it, but without their passwords. Where a password ends that has a blank in it,
 * only what was `typed` tells: the words of the command line, or the environment.
 */
export function withoutPasswords(text: string, typed: readonly string[] = typedHere()): string {
  let shown = text;
  for (const word of typed) {
    const password = TYPED.exec(word)?.[1];
    if (hasBlank(password)) shown = shown.replaceAll(password, '@');
    const parameter = TYPED_PARAMETER.exec(word)?.[1];
    if (hasBlank(parameter)) shown = shown.replaceAll(parameter, '…');
  }
  return shown.replace(PASSWORD, '$1@').replace(PARAMETER, '$1…');
}

function typedHere(): string[] {
  const set = Object.entries(process.env).filter(([name]) => name.startsWith('INV_'));
  return [...process.argv.slice(2), ...set.flatMap(([, value]) => value ?? [])];
}

/** Others are known in any text by where they stand. */
function hasBlank(password: string | undefined): password is string {
  return password !== undefined && /\S\s|\s\S/.test(password);
}
