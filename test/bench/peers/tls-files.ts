/** A certificate for the servers that are measured with TLS: the same kind for all. */
import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface TlsFiles {
  readonly cert: string;
  readonly key: string;
  /** What clients trust: the certificate itself. */
  readonly ca: string;
}

/** Why there can be no certificate here, or null. */
export function tlsMissing(): string | null {
  return spawnSync('openssl', ['version']).status === 0
    ? null
    : 'openssl is not on the PATH (Debian: apt install openssl)';
}

export function makeTlsFiles(folder: string): TlsFiles {
  const [cert, key] = [join(folder, 'tls.pem'), join(folder, 'tls.key')];
  const content = ['-subj', '/CN=bench', '-addext', 'subjectAltName=IP:127.0.0.1'];
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  const args = ['req', '-x509', ...newKey, '-keyout', key, ...content, '-out', cert];
  execFileSync('openssl', args, { stdio: 'ignore' });
  return { cert, key, ca: readFileSync(cert, 'utf8') };
}
