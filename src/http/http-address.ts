import { NamedError } from '../named-error.ts';

/** Where --http listens. */
export interface HttpAddress {
  readonly host: string;
  readonly port: number;
}

/** Without a host only this machine can ask. */
const LOOPBACK = '127.0.0.1';

/** A text that names no place to listen. */
export class WrongHttpAddress extends NamedError {}

const HOST_AND_PORT = /^(?:(?:\[([0-9a-f:.]+(?:%\w+)?)\]|([^\s:[\]/]+)):)?(\d{1,5})$/i;

/** What `[HOST:]PORT` says. An IPv6 address stands in brackets; port 0 picks a free one. Throws WrongHttpAddress. */
export function parseHttpAddress(text: string): HttpAddress {
  const [, bracketed, plain, digits] = HOST_AND_PORT.exec(text) ?? [];
  const port = Number(digits);
  if (!(port <= 65_535)) {
    throw new WrongHttpAddress(
      `--http takes a port, or HOST:PORT with an IPv6 address in brackets, not '${text}'`,
    );
  }
  return { host: bracketed ?? plain ?? LOOPBACK, port };
}
