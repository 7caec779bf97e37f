import { readNewPassword } from '../../../operator/new-password.ts';
import {
  NAME_ARGUMENT,
  PASSWORD_FLAG,
  toUserName,
  UsersCommand,
} from '../../../operator/users-command.ts';
import { UsersFile } from '../../../operator/users-file.ts';

export default class ServeUsersPassword extends UsersCommand {
  static override summary = 'Give a user another password';

  static override description =
    'Every login of the user ends, on every server that uses the file, with the first ' +
    'request after the server has noticed: within five seconds.';

  static override examples = [
    {
      description: 'The password is asked for, twice',
      command: '<%= config.bin %> <%= command.id %> dana --users users.json',
    },
  ];

  static override args = NAME_ARGUMENT;

  static override flags = PASSWORD_FLAG;

  async run(): Promise<{ name: string }> {
    const { args, flags } = await this.parse(ServeUsersPassword);
    const name = toUserName(args.name);
    const file = new UsersFile(flags.users);
    file.checkPresent(name);
    await file.setPassword(name, await readNewPassword(name, flags['password-stdin']));
    await this.printDone(() =>
      this.log(`${name} has another password; all logins of ${name} end.`),
    );
    return { name };
  }
}
