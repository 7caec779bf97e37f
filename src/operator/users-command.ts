/** What the commands about users have in common: which file. */
import { Args, Flags } from '@oclif/core';
import { BaseCommand } from '../cli/base-command.ts';
import { nameFault } from '../inventory/users.ts';
import { prepareName } from '../user-name.ts';
import { usageFailure } from './words.ts';

export abstract class UsersCommand extends BaseCommand {
  static override enableJsonFlag = true;

  static override baseFlags = {
    users: Flags.string({
      summary: 'the file of users, as inv serve has it',
      helpValue: 'FILE',
      env: 'INV_USERS',
      required: true,
    }),
  };
}

export const NAME_ARGUMENT = {
  name: Args.string({ description: 'the name that the user logs in with', required: true }),
};

export const PASSWORD_FLAG = {
  'password-stdin': Flags.boolean({
    summary: 'read the password from the first line of stdin; without it, it is asked for twice',
  }),
};

/** The name as it is compared. Throws a usage failure for what is no user's name. */
export function toUserName(word: string): string {
  const name = prepareName(word);
  const fault = nameFault(name);
  if (fault !== null) throw usageFailure(`a user's name ${fault}`);
  return name;
}
