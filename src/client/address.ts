/** Where a server is. */
export interface Address {
  readonly host: string;
  readonly port: number;
  /** Speak TLS there. */
  readonly tls?: TlsTrust | undefined;
}

/** Whose certificates are trusted. Certificate and name are always checked. */
export interface TlsTrust {
  /** PEM: only what these vouch for. Without it: the authorities that Node knows. */
  readonly ca?: string | undefined;
  /** The file that `ca` came from, for messages. */
  readonly caFile?: string | undefined;
}

export const DEFAULT_HOST = 'localhost';
export const DEFAULT_PORT = 5050;

/** `localhost:5050`, as messages show it and as the local file names it. An IPv6 address stands in brackets. */
export function nameOf({ host, port }: Address): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}

/** A host as the system takes it: `::1` for `[::1]`, as addresses are written where a port follows. */
export function bareHost(host: string): string {
  return host.replace(/^\[(.*)\]$/, '$1');
}

/** The address that `nameOf` names, or null when the text is none. */
export function parseAddress(name: string): Address | null {
  const [, bracketed, plain, digits] = /^(?:\[([^\]]+)\]|([^:]+)):(\d{1,5})$/.exec(name) ?? [];
  const host = bracketed ?? plain;
  const port = Number(digits);
  return host !== undefined && port >= 1 && port <= 65_535 ? { host, port } : null;
}
