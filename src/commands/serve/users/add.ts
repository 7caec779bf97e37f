import { readNewPassword } from '../../../operator/new-password.ts';
import {
  NAME_ARGUMENT,
  PASSWORD_FLAG,
  toUserName,
  UsersCommand,
} from '../../../operator/users-command.ts';
import { UsersFile } from '../../../operator/users-file.ts';

export default class ServeUsersAdd extends UsersCommand {
  static override summary = 'Add a user, and make the file when it is not there';

  static override description =
    'Servers that use the file notice within five seconds; they need not be started ' +
    'again. The file holds no password, only its scrypt hash, and only its owner can read ' +
    'it.';

  static override examples = [
    {
      description: 'The password is asked for, twice',
      command: '<%= config.bin %> <%= command.id %> dana --users users.json',
    },
    {
      description: 'In a script',
      command:
        'echo "a long password" | <%= config.bin %> <%= command.id %> dana --users users.json --password-stdin',
    },
  ];

  static override args = NAME_ARGUMENT;

  static override flags = PASSWORD_FLAG;

  async run(): Promise<{ name: string }> {
    const { args, flags } = await this.parse(ServeUsersAdd);
    const name = toUserName(args.name);
    const file = new UsersFile(flags.users);
    file.checkAbsent(name);
    await file.add(name, await readNewPassword(name, flags['password-stdin']));
    await this.printDone(() => this.log(`Added ${name}.`));
    return { name };
  }
}
