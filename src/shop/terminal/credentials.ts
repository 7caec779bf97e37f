/** Who logs in, and with which password. */
import { canPrompt, passwordFromStdin, promptForPassword } from '../../cli/password-source.ts';
import { askForCommand } from '../../cli/terminal/prompts.ts';
import { usage } from '../failures.ts';

export interface Sources {
  readonly stdin: boolean;
  readonly environment: string | undefined;
  /** Called before somebody is asked: nobody should type a password for a server that is not there. */
  readonly beforeAsking: () => Promise<void>;
}

export async function findPassword({ stdin, environment, beforeAsking }: Sources): Promise<string> {
  if (stdin) return await passwordFromStdin();
  if (environment === '') throw usage('INV_PASSWORD is empty: give it a value, or unset it');
  if (environment !== undefined) return environment;
  if (!canPrompt()) {
    throw usage(
      'no password: give it with --password-stdin or INV_PASSWORD, or run this on a terminal',
    );
  }
  await beforeAsking();
  return await promptForPassword('Password:');
}

export async function findUser(
  given: string | undefined,
  beforeAsking: () => Promise<void>,
): Promise<string> {
  if (given !== undefined) return given;
  if (!canPrompt()) throw usage('no user: give it with --user, or run this on a terminal');
  await beforeAsking();
  const { input } = await import('@inquirer/prompts');
  return askForCommand((context) => input({ message: 'User:', required: true }, context));
}
