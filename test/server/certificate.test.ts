import { readFileSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { certificateWarning, toCertificate } from '../../src/server/certificate.ts';
import { Authority, hasOpenssl, type Issued, openssl } from '../support/certificates.ts';

const DAY_MS = 86_400_000;

describe.runIf(hasOpenssl)('a certificate and its key (needs openssl)', () => {
  let authority: Authority;
  let issued: Issued;

  beforeAll(() => {
    authority = new Authority();
    issued = authority.issue({ days: 90 });
  });
  afterAll(() => authority[Symbol.dispose]());

  const read = ({ cert, key }: Issued) =>
    toCertificate({ cert, key }, readFileSync(cert), readFileSync(key));

  test('are taken together', () => {
    const certificate = read(issued);
    expect(certificate.names).toBe('DNS:localhost, IP Address:127.0.0.1');
    const days = (certificate.validUntil.getTime() - Date.now()) / DAY_MS;
    expect(days).toBeGreaterThan(89);
    expect(certificateWarning(certificate, issued.cert, Date.now())).toBe(null);
  });

  test('a chain is taken when the first certificate is the server’s own', () => {
    const chain = authority.folder.file('chain.pem');
    const [own, ca] = [readFileSync(issued.cert), readFileSync(authority.ca)];
    writeFileSync(chain, Buffer.concat([own, ca]));
    expect(read({ ...issued, cert: chain }).names).toContain('localhost');
    writeFileSync(chain, Buffer.concat([ca, own]));
    expect(() => read({ ...issued, cert: chain })).toThrow(
      `the key ${issued.key} does not belong to the first certificate in ${chain}`,
    );
  });

  test('of two pairs are refused, and both files are named', () => {
    const { key } = authority.issue();
    expect(() => read({ ...issued, key })).toThrow(
      `the key ${key} does not belong to the first certificate in ${issued.cert}`,
    );
  });

  test('files that hold something else are named', () => {
    expect(() => read({ cert: issued.key, key: issued.key })).toThrow(
      `${issued.key} holds no certificate`,
    );
    expect(() => read({ cert: issued.cert, key: issued.cert })).toThrow(
      `${issued.cert} holds no private key`,
    );
  });

  test('half a certificate is refused', () => {
    const half = authority.folder.file('half.pem');
    writeFileSync(half, readFileSync(issued.cert, 'latin1').slice(0, 300));
    expect(() => read({ ...issued, cert: half })).toThrow(`${half} holds no certificate`);
  });

  test('a key with a passphrase is refused, and the sentence says what to do', () => {
    const key = authority.folder.file('encrypted.key');
    openssl('pkey', '-in', issued.key, '-aes256', '-passout', 'pass:secret', '-out', key);
    expect(() => read({ ...issued, key })).toThrow(
      `the key ${key} is encrypted; the server needs it without a passphrase`,
    );
  });

  test('a key that is too weak is refused', () => {
    const [cert, key] = [authority.folder.file('weak.pem'), authority.folder.file('weak.key')];
    const names = ['-subj', '/CN=weak', '-addext', 'subjectAltName=DNS:localhost'];
    openssl(
      'req',
      '-x509',
      '-newkey',
      'rsa:1024',
      '-nodes',
      '-keyout',
      key,
      ...names,
      '-out',
      cert,
    );
    expect(() => read({ cert, key })).toThrow(`the certificate ${cert} cannot be used: `);
  });

  test.for<[string, number, string]>([
    ['that will be valid', -1, 'is valid only from'],
    ['that ends within two weeks', 77, 'expires at'],
    ['that has ended', 91, 'expired at'],
  ])('one %s is taken with a warning', ([, days, words]) => {
    const warning = certificateWarning(read(issued), issued.cert, Date.now() + days * DAY_MS);
    expect(warning).toContain(`the certificate ${issued.cert} ${words}`);
  });

  test('one for a week is not nagged about from its first day', () => {
    const week = authority.issue({ days: 7 });
    expect(certificateWarning(read(week), week.cert, Date.now())).toBe(null);
    expect(certificateWarning(read(week), week.cert, Date.now() + 6 * DAY_MS)).toContain('renew');
  });

  test.each([
    ['email:ops@shop.example', 'is for no name'],
    ['URI:https://shop.example', 'is for no name'],
    ['email:ops@shop.example,IP:10.0.0.5', null],
    ['email:ops@shop.example,DNS:shop.example', null],
  ])('one for %s: the warning is %s', (names, words) => {
    const named = authority.issue({ names, days: 90 });
    const warning = certificateWarning(read(named), named.cert, Date.now());
    if (words === null) expect(warning).toBe(null);
    else expect(warning).toContain(words);
  });

  test('one without a name is taken with a warning: no client takes it', () => {
    const [cert, key] = [authority.folder.file('bare.pem'), authority.folder.file('bare.key')];
    openssl(
      'req',
      '-x509',
      '-newkey',
      'rsa:2048',
      '-nodes',
      '-keyout',
      key,
      '-subj',
      '/CN=x',
      '-out',
      cert,
    );
    expect(certificateWarning(read({ cert, key }), cert, Date.now())).toContain('is for no name');
  });
});
