import { randomUUIDv7 } from 'node:crypto';
import { Flags } from '@oclif/core';
import { CommandFailure, ExitCode } from '../../cli/command-failure.ts';
import { signed } from '../../inventory/restock.ts';
import { OperatorCommand, sayingSo } from '../../operator/operator-command.ts';
import {
  isoTime,
  toReason,
  toUnits,
  toUpc,
  usageFailure,
  whoIsThis,
} from '../../operator/words.ts';
import { isOrderId } from '../../protocol/argument-checks.ts';
import { MAX_ORDER_ID_LENGTH } from '../../protocol/limits.ts';

export default class ServeRestock extends OperatorCommand {
  static override summary = 'Add units to an item, or take some away, while servers sell';

  static override description = [
    'All servers sell the new units from their next batch on. Never more is taken away ' +
      'than is available.',
    'Like an order, a restock has an id and happens once: the same command with the same ' +
      '--id tells what happened the first time. One that is refused changes nothing and ' +
      'leaves its id free.',
  ].join('\n\n');

  static override examples = [
    {
      description: 'Fifty came',
      command:
        '<%= config.bin %> <%= command.id %> --upc 1001 --units +50 --reason "delivery 4711"',
    },
    {
      description: 'Three were broken; safe to repeat',
      command:
        '<%= config.bin %> <%= command.id %> --upc 1006 --units -3 --reason broken --id broken-1',
    },
  ];

  static override flags = {
    upc: Flags.string({ summary: 'the item', helpValue: 'UPC', required: true }),
    units: Flags.string({
      summary: 'how many units come (+50) or go (-3)',
      helpValue: 'UNITS',
      required: true,
    }),
    reason: Flags.string({
      summary: 'why, for those who read the books later',
      helpValue: 'TEXT',
      required: true,
    }),
    id: Flags.string({
      summary: 'the id of this restock, to repeat it safely (default: a new one)',
      helpValue: 'ID',
    }),
  };

  async run() {
    const { flags } = await this.parse(ServeRestock);
    const id = flags.id ?? randomUUIDv7();
    if (!isOrderId(id)) {
      throw usageFailure(`--id is 1 to ${MAX_ORDER_ID_LENGTH} printable characters without spaces`);
    }
    const request = {
      id,
      upc: toUpc(flags.upc),
      units: toUnits(flags.units),
      reason: toReason(flags.reason),
      at: Date.now(),
      by: whoIsThis(),
    };
    const outcome = await this.withData(flags, (data) =>
      data
        .restock(request)
        .catch(
          sayingSo(
            `the restock may have happened or not. Run the same command with --id ${id}: it happens once`,
          ),
        ),
    );
    if (outcome.kind === 'refused') {
      throw new CommandFailure(outcome.message, outcome.code, ExitCode.refused, {
        details: { id },
      });
    }
    const { restock, code, replayed } = outcome;
    const { upc, units, available } = restock;
    const at = isoTime(restock.at);
    await this.printDone(() =>
      this.log(
        `${signed(units)} units of UPC ${code ?? upc}: ${available} ${replayed ? 'were' : 'are'} available. ` +
          (replayed ? `Done before, at ${at}; nothing was changed again.` : `Restock ${id}.`),
      ),
    );
    return { id, at, upc, units, available, replayed };
  }
}
