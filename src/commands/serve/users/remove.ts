import { NAME_ARGUMENT, toUserName, UsersCommand } from '../../../operator/users-command.ts';
import { UsersFile } from '../../../operator/users-file.ts';

export default class ServeUsersRemove extends UsersCommand {
  static override summary = 'Remove a user';

  static override description =
    'The user is out, on every server that uses the file, with the first request after ' +
    'the server has noticed: within five seconds. What the user has bought stays in the ' +
    'books.';

  static override examples = [
    {
      description: 'Remove dana',
      command: '<%= config.bin %> <%= command.id %> dana --users users.json',
    },
  ];

  static override args = NAME_ARGUMENT;

  async run(): Promise<{ name: string }> {
    const { args, flags } = await this.parse(ServeUsersRemove);
    const name = toUserName(args.name);
    const left = new UsersFile(flags.users).remove(name);
    await this.printDone(() =>
      this.log(`Removed ${name}.${left === 0 ? ' No user is left: nobody can log in.' : ''}`),
    );
    return { name };
  }
}
