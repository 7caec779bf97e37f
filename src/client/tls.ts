/** Connections over TLS: the server's certificate and name are checked, always. */
import type { TcpNetConnectOpts } from 'node:net';
import { connect, type DetailedPeerCertificate, type TLSSocket } from 'node:tls';
import { printable } from '../printable.ts';
import { type Address, nameOf, type TlsTrust } from './address.ts';
import { TlsFailure, type TlsProblem } from './errors.ts';

/** Emits 'secureConnect' when the server is the one that its certificate names. */
export function connectTls(options: TcpNetConnectOpts, { ca }: TlsTrust): TLSSocket {
  const socket = connect({
    ...options,
    ca,
    minVersion: 'TLSv1.2',
    // Said here, so that NODE_TLS_REJECT_UNAUTHORIZED cannot unsay it.
    rejectUnauthorized: true,
  });
  socket.setNoDelay(options.noDelay);
  socket.setKeepAlive(options.keepAlive, options.keepAliveInitialDelay);
  return socket;
}

/** Of Node's codes for a refused certificate, and of OpenSSL's for bytes that are not TLS. */
const PROBLEMS: Readonly<Record<string, TlsProblem>> = {
  ERR_TLS_CERT_ALTNAME_INVALID: 'wrongName',
  CERT_HAS_EXPIRED: 'expired',
  CERT_NOT_YET_VALID: 'notYetValid',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'selfSigned',
  SELF_SIGNED_CERT_IN_CHAIN: 'unknownAuthority',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'unknownAuthority',
  UNABLE_TO_GET_ISSUER_CERT: 'unknownAuthority',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'unknownAuthority',
  ERR_SSL_WRONG_VERSION_NUMBER: 'noTls',
  ERR_SSL_PACKET_LENGTH_TOO_LONG: 'noTls',
  ERR_SSL_RECORD_LAYER_FAILURE: 'noTls',
};

/** Of other faults of certificates and handshakes. */
const OTHERS =
  /^(CERT_|CRL_|ERR_TLS_|ERR_SSL_|ERR_OSSL_|INVALID_|HOSTNAME_|PATH_LENGTH_|UNABLE_TO_)/;

/** What is wrong with TLS in the failure of a connection; any other failure is returned as it is. */
export function toTlsFailure(error: Error, address: Address): Error {
  const cause = error.cause as (NodeJS.ErrnoException & Details) | undefined;
  const code = cause?.code ?? '';
  const problem = PROBLEMS[code] ?? (OTHERS.test(code) ? 'other' : null);
  if (cause === undefined || problem === null) return error;
  return new TlsFailure(problem, sentence(problem, cause, address), { cause });
}

/** What Node and OpenSSL add to their errors. */
interface Details {
  readonly reason?: string;
  readonly cert?: DetailedPeerCertificate;
}

function sentence(problem: TlsProblem, cause: Error & Details, address: Address): string {
  const name = nameOf(address);
  switch (problem) {
    case 'wrongName': {
      const names = cause.cert?.subjectaltname ?? '';
      const whose = names === '' ? 'for no name' : `for ${printable(names)}`;
      return `the certificate of ${name} is ${whose}, not for ${address.host}`;
    }
    case 'expired':
      return `the certificate of ${name} has expired`;
    case 'notYetValid':
      return `the certificate of ${name} is not valid yet`;
    case 'selfSigned':
      return `the certificate of ${name} is signed by itself, and not one that is trusted here`;
    case 'unknownAuthority':
      return `the certificate of ${name} is from an authority that is not trusted here`;
    case 'noTls':
      return `${name} does not speak TLS`;
    default:
      return `no TLS with ${name}: ${printable(cause.reason ?? cause.message)}`;
  }
}
