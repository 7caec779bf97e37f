import { Flags } from '@oclif/core';
import type { OperatorData } from '../../inventory/operator-data.ts';
import { inParts, ListCommand } from '../../operator/list-command.ts';
import { LOGINS } from '../../operator/lists.ts';
import { sayingSo } from '../../operator/operator-command.ts';
import { prepareName } from '../../user-name.ts';

export default class ServeLogins extends ListCommand {
  static override summary = 'Show who is logged in, or end the logins of a user';

  static override description =
    'One row for each login of a user. With --end all logins of that user end, with the ' +
    'next request on every server, and the list shows those that are left; the user can ' +
    'log in again unless they are removed. Connections that logged in with AUTH have no ' +
    'row, and end as well.';

  static override examples = [
    { description: 'All logins', command: '<%= config.bin %> <%= command.id %>' },
    {
      description: 'End those of one user',
      command: '<%= config.bin %> <%= command.id %> --end alice',
    },
  ];

  static override flags = {
    end: Flags.string({ summary: "end this user's logins", helpValue: 'USER' }),
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(ServeLogins);
    const { end } = flags;
    await this.withData(flags, async (data) => {
      const ended = end === undefined ? null : await endLogins(data, prepareName(end));
      const logins = await data.logins();
      await this.printDone(async () => {
        if (ended !== null && !this.jsonEnabled() && !flags.csv) {
          const kept = ended === 1 ? '1 login' : `${ended} logins`;
          this.log(`Ended: ${kept} of ${end}, and those of connections with AUTH.`);
        }
        const list = ended === null ? LOGINS : { ...LOGINS, fields: { ended } };
        await this.printList(list, inParts(logins), flags);
      });
    });
  }
}

function endLogins(data: OperatorData, user: string): Promise<number> {
  const may = `the logins of ${user} may have ended or not. Run the same command again`;
  return data.endLogins(user).catch(sayingSo(`${may}: logins that have ended stay so`));
}
