/** The password that an operator gives to a user. */
import { canPrompt, passwordFromStdin, promptForPassword } from '../cli/password-source.ts';
import { passwordFault, preparePassword } from '../password-text.ts';
import { usageFailure } from './words.ts';

/**
 * Reads the new password of `name`, from stdin or, asked for twice, from the terminal. Returns it as it is compared.
 * Throws a usage failure for a text that is no password.
 */
export async function readNewPassword(name: string, fromStdin: boolean): Promise<string> {
  const password = fromStdin ? await passwordFromStdin() : await askTwice(name);
  const fault = passwordFault(password);
  if (fault !== null) throw usageFailure(`a password ${fault}; nothing was changed`);
  return preparePassword(password);
}

async function askTwice(name: string): Promise<string> {
  if (!canPrompt()) {
    throw usageFailure('no password: give it with --password-stdin, or run this on a terminal');
  }
  const password = await promptForPassword(`New password of ${name}:`);
  const again = await promptForPassword('The same once more:');
  if (again !== password) throw usageFailure('the two passwords differ; nothing was changed');
  return password;
}
