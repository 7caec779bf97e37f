/** The server's certificate and its private key: two files that belong together. */
import { constants, createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { createSecureContext, type SecureContext } from 'node:tls';
import { NamedError } from '../named-error.ts';

/** A certificate or key that cannot be used. The message names the file and is a sentence without a full stop. */
export class UnusableCertificate extends NamedError {}

export interface CertificateFiles {
  readonly cert: string;
  readonly key: string;
}

export interface Certificate {
  readonly context: SecureContext;
  /** What it is for, as the certificate has it: `DNS:shop.example, IP Address:10.0.0.5`. */
  readonly names: string;
  readonly validFrom: Date;
  readonly validUntil: Date;
}

/**
 * Makes the certificate from the contents of its files. Throws UnusableCertificate. One that has expired
 * is taken: see `certificateWarning`.
 */
export function toCertificate(paths: CertificateFiles, cert: Buffer, key: Buffer): Certificate {
  const x509 = parseCertificate(paths.cert, cert);
  const privateKey = parseKey(paths.key, key);
  if (!x509.checkPrivateKey(privateKey)) {
    throw new UnusableCertificate(
      `the key ${paths.key} does not belong to the first certificate in ${paths.cert}`,
    );
  }
  return {
    context: toContext(paths.cert, cert, key),
    names: x509.subjectAltName ?? '',
    validFrom: x509.validFromDate,
    validUntil: x509.validToDate,
  };
}

/** Why clients refuse the certificate at the time `now`, or will soon; null when all is well. */
export function certificateWarning(
  { names, validFrom, validUntil }: Certificate,
  path: string,
  now: number,
): string | null {
  if (now >= validUntil.getTime()) {
    return `the certificate ${path} expired at ${timeOf(validUntil)}: clients refuse it`;
  }
  if (now < validFrom.getTime()) {
    return `the certificate ${path} is valid only from ${timeOf(validFrom)} on: clients refuse it until then`;
  }
  if (!FOR_HOST.test(names)) {
    return `the certificate ${path} is for no name (subjectAltName): clients refuse it`;
  }
  const lifetime = validUntil.getTime() - validFrom.getTime();
  if (now >= validUntil.getTime() - Math.min(RENEW_BEFORE_MS, lifetime / 4)) {
    return `the certificate ${path} expires at ${timeOf(validUntil)}: renew it`;
  }
  return null;
}

/** A name that a client connects to; one of a person or of a service is none. */
const FOR_HOST = /(^|, )(DNS|IP Address):/;

/** Two weeks: the tools of authorities renew a month before the end, and short-lived ones after two thirds of their time. */
const RENEW_BEFORE_MS = 14 * 86_400_000;

function parseCertificate(path: string, pem: Buffer): X509Certificate {
  try {
    return new X509Certificate(pem);
  } catch (cause) {
    throw new UnusableCertificate(
      `${path} holds no certificate (PEM, the server's own first, then those between it and the authority)`,
      { cause },
    );
  }
}

function parseKey(path: string, pem: Buffer): KeyObject {
  try {
    return createPrivateKey(pem);
  } catch (cause) {
    if (pem.includes('ENCRYPTED')) {
      throw new UnusableCertificate(
        `the key ${path} is encrypted; the server needs it without a passphrase (openssl pkey -in ${path} -out FILE)`,
        { cause },
      );
    }
    throw new UnusableCertificate(`${path} holds no private key (PEM)`, { cause });
  }
}

/** TLS 1.2 and 1.3; a client of 1.2 may not ask for one handshake after the other. */
function toContext(path: string, cert: Buffer, key: Buffer): SecureContext {
  try {
    return createSecureContext({
      cert,
      key,
      minVersion: 'TLSv1.2',
      maxVersion: 'TLSv1.3',
      honorCipherOrder: true,
      secureOptions: constants.SSL_OP_CIPHER_SERVER_PREFERENCE | constants.SSL_OP_NO_RENEGOTIATION,
      sessionIdContext: 'inv',
    });
  } catch (cause) {
    const { reason, message } = cause as Error & { reason?: string };
    throw new UnusableCertificate(`the certificate ${path} cannot be used: ${reason ?? message}`, {
      cause,
    });
  }
}

function timeOf(date: Date): string {
  return date.toISOString().replace('.000Z', 'Z');
}
