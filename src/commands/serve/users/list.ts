import { UsersCommand } from '../../../operator/users-command.ts';
import { UsersFile } from '../../../operator/users-file.ts';

export default class ServeUsersList extends UsersCommand {
  static override summary = 'Show the users, in the order of the file';

  static override description =
    'Only the names: what is kept of a password cannot be turned back into it.';

  static override examples = [
    {
      description: 'A name on each line',
      command: '<%= config.bin %> <%= command.id %> --users users.json',
    },
  ];

  async run(): Promise<{ users: { name: string }[] }> {
    const { flags } = await this.parse(ServeUsersList);
    const users = new UsersFile(flags.users).read().map(({ name }) => ({ name }));
    for (const { name } of users) this.log(name);
    return { users };
  }
}
