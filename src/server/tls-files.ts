/** `--tls-cert` and `--tls-key`: read at start, and again when they change. */
import { statSync } from 'node:fs';
import {
  type Certificate,
  type CertificateFiles,
  certificateWarning,
  toCertificate,
} from './certificate.ts';
import type { OpenListener } from './listener.ts';
import type { Log } from './log.ts';
import { TlsListener } from './tls-listener.ts';
import type { OperatorFiles } from './watched-files.ts';

export { UnusableCertificate } from './certificate.ts';

/** How often a certificate that nobody renews is told of. */
const REMIND_EVERY_MS = 12 * 3_600_000;

/** Others than its user and group may read it. */
const READABLE_BY_OTHERS = 0o004;

export interface TlsPort {
  readonly certificate: Certificate;
  readonly openListener: OpenListener;
}

/**
 * Reads the certificate and its key; the listener takes new ones from then on, for new handshakes. Throws
 * UnreadableFile and UnusableCertificate.
 */
export async function readTlsFiles(
  files: OperatorFiles,
  paths: CertificateFiles,
  log: Log,
): Promise<TlsPort> {
  const watched = files.add({
    what: 'certificate',
    paths: [paths.cert, paths.key],
    parse: ([cert, key]) => toCertificate(paths, cert as Buffer, key as Buffer),
  });
  let current = await watched.read();
  const warn = (): void => {
    for (const warning of warningsAbout(current, paths)) {
      log('certificate needs attention', { level: 'warn', warning });
    }
  };
  warn();
  setInterval(warn, REMIND_EVERY_MS).unref();
  return {
    certificate: current,
    openListener: (accept, listenerLog) => {
      const listener = new TlsListener(current.context, accept, listenerLog);
      watched.watch((certificate) => {
        current = certificate;
        listener.use(certificate.context);
        warn();
      });
      return listener;
    },
  };
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
