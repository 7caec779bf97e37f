import { BaseCommand } from '../../cli/base-command.ts';
import { CommandFailure } from '../../cli/command-failure.ts';
import { nameOf } from '../../client/address.ts';
import { Client } from '../../client/client.ts';
import { toFailure } from '../../shop/failures.ts';
import { toAddress, toTlsTrust } from '../../shop/terminal/input.ts';
import { ShopCommand, toTimeouts } from '../../shop/terminal/shop-command.ts';

interface Serving {
  readonly serving: true;
  readonly version: string | null;
  readonly server: string;
  /** The identity of the data, and since when its history is the present one. */
  readonly shop: string | null;
  readonly since: string | null;
}

interface NotServing {
  readonly serving: false;
  readonly error: { readonly code: string; readonly message: string };
}

const { host, port, tls, timeout, 'tls-ca': tlsCa } = ShopCommand.baseFlags;

export default class ServeStatus extends BaseCommand {
  static override summary = 'Ask whether a server serves at an address';

  static override description =
    'Connects as a client does, and logs nobody in. Exit code 0: an inv server answers ' +
    'there. 5: none does. For a check of a service, or a script that waits until the shop ' +
    'is open.';

  static override examples = [
    { description: 'On this machine', command: '<%= config.bin %> <%= command.id %>' },
    {
      description: 'Elsewhere, over TLS',
      command: '<%= config.bin %> <%= command.id %> --host shop.example --port 5050 --tls',
    },
  ];

  static override enableJsonFlag = true;

  static override flags = { host, port, tls, 'tls-ca': tlsCa, timeout };

  async run(): Promise<Serving | NotServing> {
    const { flags } = await this.parse(ServeStatus);
    const address = {
      ...toAddress(flags.host, flags.port),
      tls: toTlsTrust(flags.tls, flags['tls-ca']),
    };
    const timeouts = flags.timeout === undefined ? undefined : toTimeouts(flags.timeout);
    let client: Client;
    try {
      client = await Client.connect(address, timeouts);
    } catch (error) {
      const failure = toFailure(error, address);
      if (!(failure instanceof CommandFailure) || !this.jsonEnabled()) throw failure;
      process.exitCode = failure.exit;
      return { serving: false, error: { code: failure.code, message: failure.message } };
    }
    const { version, shop } = client;
    client.close();
    const server = nameOf(address);
    const program = version === null ? 'inv (it tells no version)' : `inv ${version}`;
    this.log(`${server} serves: ${program}${shop === null ? '' : `, shop ${shop.id}`}`);
    return {
      serving: true,
      version,
      server,
      shop: shop?.id ?? null,
      since: shop === null ? null : isoSince(shop.since),
    };
  }
}

/** HELLO tells milliseconds since 1970 UTC. */
function isoSince(since: string): string | null {
  const milliseconds = Number(since);
  return /^\d{1,15}$/.test(since) ? new Date(milliseconds).toISOString() : null;
}
