import { ExitCode } from '../../cli/command-failure.ts';
import { ProgressBar } from '../../cli/terminal/progress-bar.ts';
import { type Audit, audit } from '../../operator/audit.ts';
import { OperatorCommand } from '../../operator/operator-command.ts';
import { counted } from '../../operator/words.ts';

export default class ServeVerify extends OperatorCommand {
  static override summary =
    'Prove the books: that nothing was oversold, and every order has one outcome';

  static override description = [
    'Adds up all orders and compares them with the stock: for every item, the units ' +
      'supplied are those that are available, held, or sold and not returned, and each receipt ' +
      'begins at the level that another one left. What customers have of an item with a limit ' +
      'must follow from their orders. Every order must be readable and have one outcome.',
    'Shows one moment, and keeps no server from selling. The write-ahead log of a data file grows by ' +
      'what is sold meanwhile. Exit code 1: the books do not balance; each fault is named.',
  ].join('\n\n');

  static override examples = [
    { description: 'At the end of a day', command: '<%= config.bin %> <%= command.id %>' },
    {
      description: 'Another data file, for a program',
      command: '<%= config.bin %> <%= command.id %> --data shop.db --json',
    },
  ];

  async run(): Promise<Audit> {
    const { flags } = await this.parse(ServeVerify);
    const found = await this.withData(flags, async (data) => {
      using bar = new ProgressBar();
      const show = (done: number, total: number) => bar.show('verifying the orders', done, total);
      return await data.readBooks((books) => audit(books, process.stderr.isTTY ? show : null));
    });
    if (!found.ok) process.exitCode = ExitCode.fault;
    await this.printDone(() => {
      const { ok, items, orders, holds, faults } = found;
      const counts = [counted(items, 'item'), counted(orders, 'order')];
      if (holds > 0) counts.push(counted(holds, 'live hold'));
      this.log(`${ok ? 'The books balance' : 'The books do not balance'}: ${counts.join(', ')}.`);
      for (const { message } of faults) this.log(message);
    });
    return found;
  }
}
