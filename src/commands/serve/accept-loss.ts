import { Flags } from '@oclif/core';
import { BaseCommand } from '../../cli/base-command.ts';
import { CommandFailure, ExitCode } from '../../cli/command-failure.ts';
import { OutcomeUnknown } from '../../inventory/store.ts';
import { commandFailureOf } from '../../operator/operator-command.ts';
import { isPostgresAddress } from '../../stores/postgres/connection/postgres-url.ts';

export default class ServeAcceptLoss extends BaseCommand {
  static override summary = 'Sell again from a PostgreSQL database that lost acknowledged orders';

  static override description =
    'When a PostgreSQL database was set back to an earlier state (an old standby took ' +
    'over, a backup was restored), the servers stop selling from it: orders that were ' +
    'acknowledged are missing, and their units would be sold a second time. If the ' +
    'database that has them cannot be brought back, this accepts the loss. Servers that ' +
    'run go on within seconds. Nothing that was lost comes back: correct the stock for ' +
    'what customers have already been promised, before you run this.';

  static override examples = [
    {
      description: 'Accept what the log of the servers says is missing',
      command: '<%= config.bin %> <%= command.id %> --data postgres://inv@db.example/inv',
    },
  ];

  static override enableJsonFlag = true;

  static override flags = {
    data: Flags.string({
      description: 'the PostgreSQL database, postgres://user@host/database',
      helpValue: 'URL',
      env: 'INV_DATA',
      required: true,
    }),
  };

  async run() {
    const { flags } = await this.parse(ServeAcceptLoss);
    if (!isPostgresAddress(flags.data)) {
      throw new CommandFailure(
        '--data: only a PostgreSQL database can be set back in this way; name one, postgres://user@host/database',
        'USAGE',
        ExitCode.usage,
      );
    }
    const { shop, since, lost } = await accept(flags.data);
    this.log(
      lost === null
        ? 'no server had found anything missing; what they remember is void from now on'
        : `accepted: ${lost}`,
    );
    this.log(`the history of shop ${shop} begins anew at ${new Date(since).toISOString()}`);
    return { shop, since: new Date(since).toISOString(), lost };
  }
}

async function accept(url: string) {
  const { acceptLoss } = await import('../../stores/postgres/accept-loss.ts');
  try {
    return await acceptLoss(url);
  } catch (error) {
    throw commandFailureOf(error instanceof OutcomeUnknown ? sayingAgain(error) : error);
  }
}

function sayingAgain(error: OutcomeUnknown): OutcomeUnknown {
  return new OutcomeUnknown(
    `${error.message}: the loss may be accepted or not. Run the same command again, which does no harm`,
    { cause: error },
  );
}
