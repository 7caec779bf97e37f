/** Which names are one address: the loopback names of one port are all this machine's. */
import { type Address, nameOf, parseAddress } from '../../client/address.ts';

/** Whether a name, as `nameOf` gives it, is of this server's address. */
export function isAt(name: string, server: Address): boolean {
  if (name === nameOf(server)) return true;
  const other = parseAddress(name);
  return other?.port === server.port && isLoopback(other.host) && isLoopback(server.host);
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host);
}
