/** A user's name as it is compared: in Unicode normal form C, so that the same characters are the same name whichever keyboard made them. */
export function prepareName(name: string): string {
  return name.normalize('NFC');
}
