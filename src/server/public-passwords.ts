import { BlockList } from 'node:net';
import type { Log } from './log.ts';

const THIS_MACHINE = new BlockList();
THIS_MACHINE.addSubnet('127.0.0.0', 8, 'ipv4');
THIS_MACHINE.addAddress('::1', 'ipv6');

/**
 * Warns, for people and in the log, when a server that has only the accounts of the demonstration listens
 * at `address` and so takes clients from other machines: everybody knows their passwords.
 */
export function warnOfPublicPasswords(address: string, log: Log): void {
  if (THIS_MACHINE.check(address, address.includes(':') ? 'ipv6' : 'ipv4')) return;
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
