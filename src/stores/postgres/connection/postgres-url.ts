/** Where a PostgreSQL database is: `postgres://user:password@host:port/database?sslmode=require`. */
import { readFileSync } from 'node:fs';
import { whyUnread } from '../../../file-reasons.ts';
import { StoreRefused } from '../../../inventory/store.ts';

export interface PostgresAddress {
  /** More than one for a primary and its standbys: the one that takes writes is used. */
  readonly hosts: readonly PostgresHost[];
  readonly user: string | undefined;
  readonly password: string | undefined;
  readonly database: string | undefined;
  /** An object when the certificate is checked: by this authority, or those that Node knows. */
  readonly ssl: false | 'prefer' | 'require' | { readonly ca?: Buffer };
  /** Anything else after the question mark: settings of the session. */
  readonly settings: Readonly<Record<string, string>>;
  /** The address without the password: for people and logs. */
  readonly shown: string;
  /** The option of the command line that it came from, where that is not --data. */
  readonly option?: string;
}

export interface PostgresHost {
  /** A name, an address, or the folder of a Unix socket. */
  readonly name: string;
  readonly port: number;
}

const DEFAULT_PORT = 5432;

const ADDRESS =
  /^postgres(?:ql)?:\/\/(?:(?<user>[^:@/?]*)(?::(?<password>[^@/?]*))?@)?(?<hosts>[^@/?]*)(?:\/(?<database>[^/?]*))?(?:\?(?<query>.*))?$/;

/** A host name, an IPv6 address in brackets, or a folder with its slashes percent-encoded. */
const HOST = /^(?:\[(?<ipv6>[0-9a-fA-F:.]+)\]|(?<name>[^[\]:]*))(?::(?<port>\d{1,5}))?$/;

export function isPostgresAddress(data: string): boolean {
  return /^postgres(ql)?:\/\//.test(data);
}

/** For people and logs: without the password. */
export function showPostgresAddress(address: string): string {
  return parsePostgresAddress(address).shown;
}

/** Throws StoreRefused, without the address itself: it may hold a password. */
export function parsePostgresAddress(address: string): PostgresAddress {
  const parts = ADDRESS.exec(address)?.groups;
  if (parts === undefined) refuse('it has no such form');
  const query = new URLSearchParams(parts.query ?? '');
  const hosts = (query.get('host') ?? parts.hosts ?? '').split(',').map(parseHost);
  const user = decoded(parts.user);
  const database = decoded(parts.database);
  return {
    hosts,
    user,
    password: decoded(parts.password),
    database,
    ssl: sslOption(query),
    settings: Object.fromEntries([...query].filter(([name]) => !OWN_PARAMETERS.has(name))),
    shown: `postgres://${user === undefined ? '' : `${user}@`}${hosts.map(showHost).join()}/${database ?? ''}`,
  };
}

/** What is not passed on to PostgreSQL. The one of several hosts that takes writes is always chosen. */
const OWN_PARAMETERS = new Set(['host', 'sslmode', 'sslrootcert', 'target_session_attrs']);

function parseHost(text: string): PostgresHost {
  const parts = HOST.exec(text)?.groups;
  const port = Number(parts?.port ?? DEFAULT_PORT);
  if (parts === undefined || port < 1 || port > 65_535) refuse(`there is no host "${text}"`);
  return { name: parts.ipv6 ?? (decoded(parts.name) || 'localhost'), port };
}

/** With the port, whatever it is. */
export function showHostAndPort(host: PostgresHost): string {
  return host.port === DEFAULT_PORT ? `${showHost(host)}:${DEFAULT_PORT}` : showHost(host);
}

export function showHost({ name, port }: PostgresHost): string {
  const host = name.includes(':') ? `[${name}]` : name;
  return port === DEFAULT_PORT ? host : `${host}:${port}`;
}

function sslOption(query: URLSearchParams): PostgresAddress['ssl'] {
  const mode = query.get('sslmode') ?? 'disable';
  const root = query.get('sslrootcert');
  switch (mode) {
    case 'disable':
    case 'allow':
      return false;
    case 'prefer':
    case 'require':
      return mode;
    case 'verify-ca':
    case 'verify-full':
      return root === null || root === 'system' ? {} : { ca: readCertificate(root) };
    default:
      return refuse(
        `sslmode is one of disable, prefer, require and verify-full, and not "${mode}"`,
      );
  }
}

function readCertificate(path: string): Buffer {
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    throw new StoreRefused(`cannot read sslrootcert ${path}: ${whyUnread(error)}`);
  }
  // Node.js takes any file, and trusts nobody then.
  if (/-----BEGIN [A-Z0-9 ]*CERTIFICATE-----/.test(bytes.toString('latin1'))) return bytes;
  throw new StoreRefused(
    `sslrootcert ${path} holds no certificate. Name the certificate of the authority, in a PEM file`,
  );
}

function decoded(text: string | undefined): string | undefined {
  if (text === undefined || text === '') return undefined;
  try {
    return decodeURIComponent(text);
  } catch {
    return refuse('a percent sign in it must be written %25');
  }
}

function refuse(why: string): never {
  throw new StoreRefused(
    `the PostgreSQL address cannot be understood: ${why}. ` +
      'Expected postgres://user:password@host:5432/database; special characters in the password percent-encoded',
  );
}
