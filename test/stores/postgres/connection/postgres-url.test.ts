import { expect, test } from 'vitest';
import {
  isPostgresAddress,
  parsePostgresAddress,
  showPostgresAddress,
} from '../../../../src/stores/postgres/connection/postgres-url.ts';

test('both names of the scheme are addresses; files are not', () => {
  expect(isPostgresAddress('postgres://localhost/inv')).toBe(true);
  expect(isPostgresAddress('postgresql://localhost/inv')).toBe(true);
  expect(isPostgresAddress('inventory.db')).toBe(false);
  expect(isPostgresAddress('./postgres:/x')).toBe(false);
});

test('all parts, with what is percent-encoded', () => {
  expect(
    parsePostgresAddress(
      'postgres://al%40ice:p%2Fw%3A@db.example:6000/my%20shop?sslmode=require&options=-cx',
    ),
  ).toEqual({
    hosts: [{ name: 'db.example', port: 6000 }],
    user: 'al@ice',
    password: 'p/w:',
    database: 'my shop',
    ssl: 'require',
    settings: { options: '-cx' },
    shown: 'postgres://al@ice@db.example:6000/my shop',
  });
});

test('what is left out is left to the defaults', () => {
  expect(parsePostgresAddress('postgres://')).toEqual({
    hosts: [{ name: 'localhost', port: 5432 }],
    user: undefined,
    password: undefined,
    database: undefined,
    ssl: false,
    settings: {},
    shown: 'postgres://localhost/',
  });
});

test('several hosts, IPv6, and the folder of a Unix socket', () => {
  const hosts = (address: string) => parsePostgresAddress(address).hosts;
  expect(hosts('postgres://a,b:5433,[::1]:5434/inv?target_session_attrs=primary')).toEqual([
    { name: 'a', port: 5432 },
    { name: 'b', port: 5433 },
    { name: '::1', port: 5434 },
  ]);
  expect(hosts('postgres://me@%2Fvar%2Frun%2Fpostgresql/inv')).toEqual([
    { name: '/var/run/postgresql', port: 5432 },
  ]);
  expect(hosts('postgres:///inv?host=/tmp')).toEqual([{ name: '/tmp', port: 5432 }]);
});

test('is shown without the password', () => {
  expect(showPostgresAddress('postgres://me:secret@a,[::1]:5433/inv?sslmode=require')).toBe(
    'postgres://me@a,[::1]:5433/inv',
  );
});

test.each([
  'postgres://me:se/cret@host/inv',
  'postgres://me:secret@host:70000/inv',
  'postgres://me:secret@host:port/inv',
  'postgres://me:secret%@host/inv',
  'postgres://me:secret@host/inv?sslmode=perhaps',
])('%s cannot be understood, and the password is not told', (address) => {
  expect(() => parsePostgresAddress(address)).toThrow(/cannot be understood: .*Expected postgres:/);
  expect(() => parsePostgresAddress(address)).not.toThrow(/se\/?cret/);
});

test('a certificate that cannot be read is named, and why', () => {
  const address = 'postgres://db.example/inv?sslmode=verify-full&sslrootcert=/no/such.pem';
  expect(() => parsePostgresAddress(address)).toThrow(
    /^cannot read sslrootcert \/no\/such\.pem: there is no such file$/,
  );
});
