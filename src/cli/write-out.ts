/**
 * Writes `text` to stdout, and resolves when the stream has taken it: a slow reader costs no memory. Returns false
 * when nobody reads any more, or the text could not be written; what that means for the exit code is said by
 * the output guard.
 */
export function writeOut(text: string): Promise<boolean> {
  return new Promise((resolve) => {
    process.stdout.write(text, (error) => resolve(!error));
  });
}
