/** What the shop's commands have in common: where the server is, and how they begin and end. */
import { Flags } from '@oclif/core';
import { BaseCommand } from '../../cli/base-command.ts';
import type { Lay } from '../../cli/terminal/listing.ts';
import { DEFAULT_HOST, DEFAULT_PORT } from '../../client/address.ts';
import type { Timeouts } from '../../client/server-connection.ts';
import { printable } from '../../printable.ts';
import { usage } from '../failures.ts';
import { Shop } from '../shop.ts';
import { toAddress, toTlsTrust } from './input.ts';
import { tell, waitingFor } from './waiting.ts';

/** The flags that every shop command has, after `parse`. */
export interface ServerFlags {
  readonly host: string;
  readonly port: string;
  readonly tls?: boolean | undefined;
  readonly 'tls-ca'?: string | undefined;
  readonly user?: string | undefined;
  readonly timeout?: string | undefined;
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
    tls: Flags.boolean({
      summary: 'speak TLS; the certificate of the server and its name are checked',
      env: 'INV_TLS',
      helpGroup: 'SERVER',
    }),
    'tls-ca': Flags.string({
      summary: 'trust what this certificate of an authority (PEM) vouches for, and nothing else',
      helpValue: 'FILE',
      env: 'INV_TLS_CA',
      helpGroup: 'SERVER',
    }),
    timeout: Flags.string({
      summary: 'how long to wait for the server; 5 to connect and 30 for a reply by default',
      helpValue: 'SECONDS',
      helpGroup: 'SERVER',
    }),
    user: Flags.string({
      summary: 'act for this user, whoever logged in last',
      helpValue: 'NAME',
      helpGroup: 'SERVER',
    }),
  };

  protected open(flags: ServerFlags): Shop {
    const { host, port, user, timeout } = flags;
    if (user === '') throw usage('--user needs a name');
    return new Shop({
      server: { ...toAddress(host, port), tls: toTlsTrust(flags.tls, flags['tls-ca']) },
      user,
      timeouts: timeout === undefined ? undefined : toTimeouts(timeout),
      directory: this.config.configDir,
      notify: tell,
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

  /** As withShop, for a command that only waits: a person at a terminal sees that it does. */
  protected askShop<T>(flags: ServerFlags, use: (shop: Shop) => Promise<T>): Promise<T> {
    return this.withShop(flags, (shop) => waitingFor(use(shop)));
  }

  /** Prints a listing for people. What lays lists out is loaded only now: --json needs none of it. */
  protected async show(lay: Lay): Promise<void> {
    const { show } = await import('../../cli/terminal/show.ts');
    await show(lay);
  }
}

/** A day: what waits longer than that waits for ever. */
const MAX_TIMEOUT_SECONDS = 86_400;

/** The same time for connecting and for each reply; seconds, with decimals or without. */
export function toTimeouts(word: string): Timeouts {
  const seconds = /^\d{1,5}(\.\d{1,3})?$/.test(word) ? Number(word) : 0;
  if (seconds > 0 && seconds <= MAX_TIMEOUT_SECONDS) {
    return { connectMs: seconds * 1_000, replyMs: seconds * 1_000 };
  }
  throw usage(
    `--timeout is a number of seconds up to ${MAX_TIMEOUT_SECONDS}, got '${printable(word)}'`,
  );
}
