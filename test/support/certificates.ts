import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { TemporaryFolder } from './folder.ts';

/** Node has no maker of certificates: where openssl is missing, what needs one is left out. */
export const hasOpenssl = spawnSync('openssl', ['version']).status === 0;

export interface Issued {
  readonly cert: string;
  readonly key: string;
}

export interface IssueOptions {
  /** As `subjectAltName` has them. */
  readonly names?: string;
  /** Below zero: it has expired. */
  readonly days?: number;
}

/** An authority of a test's own: the paths of its files are in a folder that is gone at the end of the scope. */
export class Authority implements Disposable {
  readonly folder = new TemporaryFolder();
  /** The certificate that clients trust. */
  readonly ca = this.folder.file('ca.pem');
  #issued = 0;

  constructor() {
    const extensions = ['-addext', 'keyUsage=keyCertSign'];
    openssl(
      'req',
      '-x509',
      ...NEW_KEY,
      this.#key,
      '-subj',
      '/CN=test',
      ...extensions,
      '-out',
      this.ca,
    );
  }

  /** A certificate with its key, in files of their own. */
  issue({ names = 'DNS:localhost,IP:127.0.0.1', days = 30 }: IssueOptions = {}): Issued {
    const name = `server-${++this.#issued}`;
    const [cert, key, request] = ['pem', 'key', 'csr'].map((end) =>
      this.folder.file(`${name}.${end}`),
    ) as [string, string, string];
    const wanted = ['-subj', `/CN=${name}`, '-addext', `subjectAltName=${names}`];
    openssl('req', ...NEW_KEY, key, ...wanted, '-out', request);
    const signer = [
      '-CA',
      this.ca,
      '-CAkey',
      this.#key,
      '-CAcreateserial',
      '-copy_extensions',
      'copy',
    ];
    openssl('x509', '-req', '-in', request, ...signer, '-days', String(days), '-out', cert);
    return { cert, key };
  }

  /** Its certificate, as `tls.connect` takes it. */
  get trusted(): Buffer {
    return readFileSync(this.ca);
  }

  get #key(): string {
    return this.folder.file('ca.key');
  }

  [Symbol.dispose](): void {
    this.folder[Symbol.dispose]();
  }
}

const NEW_KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout'];

export function openssl(...args: string[]): void {
  execFileSync('openssl', args, { stdio: 'pipe' });
}
