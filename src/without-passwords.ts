/** The address of a database, wherever people type it: its password is shown to nobody. */

/** Also of a path that was made of the address, in which two slashes are one. A password may have any character in it. */
const PASSWORD = /\b(postgres(?:ql)?:\/+[^\s:@/]*):\S*@/gi;
const PARAMETER = /([?&]password=)[^&\s'"`]*/gi;

/** `text` with the addresses of databases in it, but without their passwords. */
export function withoutPasswords(text: string): string {
  return text.replace(PASSWORD, '$1@').replace(PARAMETER, '$1…');
}
