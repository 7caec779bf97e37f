/** What the shop's commands have in common: where the server is, and how they begin and end. */
import { Flags } from '@oclif/core';
import { BaseCommand } from '../../cli/base-command.ts';
import { DEFAULT_HOST, DEFAULT_PORT } from '../../client/address.ts';
import { Shop } from '../shop.ts';
import { toAddress } from './input.ts';
import type { Lay } from './pager.ts';

/** The flags that every shop command has, after `parse`. */
export interface ServerFlags {
  readonly host: string;
  readonly port: string;
}

export abstract class ShopCommand extends BaseCommand {
  static override enableJsonFlag = true;

  static override baseFlags = {
    host: Flags.string({
      summary: 'the server',
      helpValue: 'HOST',
      env: 'INV_HOST',
      default: DEFAULT_HOST,
      helpGroup: 'SERVER',
    }),
    port: Flags.string({
      summary: 'its port',
      helpValue: 'PORT',
      env: 'INV_PORT',
      default: String(DEFAULT_PORT),
      helpGroup: 'SERVER',
    }),
  };

  protected open({ host, port }: ServerFlags): Shop {
    return new Shop({
      server: toAddress(host, port),
      directory: this.config.configDir,
      notify: (sentence) => process.stderr.write(`${sentence}\n`),
    });
  }

  /** Calls `use` with a shop, and leaves no connection behind. */
  protected async withShop<T>(flags: ServerFlags, use: (shop: Shop) => Promise<T>): Promise<T> {
    const shop = this.open(flags);
    try {
      return await use(shop);
    } finally {
      shop.close();
    }
  }

  /** Prints a listing for people. What lays lists out is loaded only now: --json needs none of it. */
  protected async show(lay: Lay): Promise<void> {
    const { show } = await import('./pager.ts');
    await show(lay);
  }
}
