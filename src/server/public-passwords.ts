import { BlockList } from 'node:net';
import type { Log } from './log.ts';

const THIS_MACHINE = new BlockList();
THIS_MACHINE.addSubnet('127.0.0.0', 8, 'ipv4');
THIS_MACHINE.addAddress('::1', 'ipv6');

/**
 * Warns, for people and in the log, when a server that has only the accounts of the demonstration listens
 * at one of `addresses` that others can reach: everybody knows the passwords.
 */
export function warnOfPublicPasswords(addresses: readonly (string | undefined)[], log: Log): void {
  const address = addresses.find((one) => one !== undefined && !isOfThisMachine(one));
  if (address === undefined) return;
  const remedy = 'make users of your own with inv serve users add, and start with --users FILE';
  log('passwords are public', {
    level: 'warn',
    address,
    why: 'there are only the demonstration accounts, and their passwords stand in the README',
    remedy,
  });
  process.stderr.write(
    [
      `inv: WARNING: anybody who can reach ${address} can log in and buy. The only accounts are`,
      'alice, bob and carol, and their passwords are public: they stand in the README of inv.',
      `To sell in earnest, ${remedy}.`,
      '',
    ].join('\n'),
  );
}

function isOfThisMachine(address: string): boolean {
  return THIS_MACHINE.check(address, address.includes(':') ? 'ipv6' : 'ipv4');
}
