/** `--tls-cert` and `--tls-key`: read at start, and again when they change. */
import { statSync } from 'node:fs';
import {
  type Certificate,
  type CertificateFiles,
  certificateWarning,
  toCertificate,
  UnusableCertificate,
} from './certificate.ts';
import type { OpenListener } from './listener.ts';
import type { Log } from './log.ts';
import { TlsListener } from './tls-listener.ts';
import type { OperatorFiles } from './watched-files.ts';

export { UnusableCertificate };

/** How often a certificate that nobody renews is told of. */
const REMIND_EVERY_MS = 12 * 3_600_000;

/** Others than its user and group may read it. */
const READABLE_BY_OTHERS = 0o004;

export interface TlsPort {
  /** What it is for, and until when, for people. */
  readonly certificate: string;
  readonly openListener: OpenListener;
}

/**
 * Reads the certificate and its key, which both must be named; the listener takes new ones from then on, for new handshakes. Throws
 * UnreadableFile and UnusableCertificate.
 */
export async function readTlsFiles(
  files: OperatorFiles,
  { cert, key }: { readonly cert: string | undefined; readonly key: string | undefined },
  log: Log,
): Promise<TlsPort> {
  if (cert === undefined || key === undefined) {
    const sentence = 'a certificate and its key go together: --tls-cert FILE --tls-key FILE';
    throw new UnusableCertificate(sentence);
  }
  const paths: CertificateFiles = { cert, key };
  const watched = files.add({
    what: 'certificate',
    paths: [paths.cert, paths.key],
    parse: (contents) => toCertificate(paths, ...(contents as [Buffer, Buffer])),
  });
  let current = await watched.read();
  const warn = (): void => {
    for (const warning of warningsAbout(current, paths)) {
      log('certificate needs attention', { level: 'warn', warning });
    }
  };
  warn();
  setInterval(warn, REMIND_EVERY_MS).unref();
  const listeners: TlsListener[] = [];
  const take = (certificate: Certificate): void => {
    current = certificate;
    for (const listener of listeners) listener.use(certificate.context);
    warn();
  };
  return {
    certificate: shown(current),
    openListener: (accept, listenerLog, fileLimit) => {
      const listener = new TlsListener(current.context, accept, listenerLog, fileLimit);
      if (listeners.push(listener) === 1) watched.watch(take);
      return listener;
    },
  };
}

function shown({ names, validUntil }: Certificate): string {
  return `${names === '' ? 'for no name' : names}, until ${validUntil.toISOString().slice(0, 10)}`;
}

function warningsAbout(certificate: Certificate, { cert, key }: CertificateFiles): string[] {
  const warning = certificateWarning(certificate, cert, Date.now());
  const warnings = warning === null ? [] : [warning];
  if (isReadableByOthers(key)) {
    warnings.push(`other users of this machine can read the key ${key}: chmod 600 ${key}`);
  }
  return warnings;
}

function isReadableByOthers(path: string): boolean {
  if (process.platform === 'win32') return false;
  const found = statSync(path, { throwIfNoEntry: false });
  return found !== undefined && (found.mode & READABLE_BY_OTHERS) !== 0;
}
