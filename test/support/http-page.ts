import type { IncomingMessage } from 'node:http';
import { get } from 'node:https';
import { Readable } from 'node:stream';
import type { ReadableStream } from 'node:stream/web';
import { expect } from 'vitest';
import { PASSWORDS } from './in-process.ts';
import type { ServeProcess } from './serve-process.ts';

/** Where a server says that its page is: `http://127.0.0.1:PORT/`, or `https`. */
export function pageOf({ greeting }: ServeProcess): string {
  const [, page] =
    /^page +(\S+)$/.exec(greeting.find((line) => line.startsWith('page')) ?? '') ?? [];
  if (page === undefined) throw new Error(`no page in ${JSON.stringify(greeting)}`);
  return page;
}

/** Asks with the name and password of alice; over TLS with the certificate of an authority that is trusted. */
export async function ask(url: string | URL, ca?: Buffer): Promise<Response> {
  const credentials = Buffer.from(`alice:${PASSWORDS.alice}`).toString('base64');
  const headers = { Authorization: `Basic ${credentials}` };
  if (ca === undefined) return await fetch(url, { headers });
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    get(url, { ca, headers, agent: false }, resolve).on('error', reject);
  });
  const body = Readable.toWeb(response) as ReadableStream<Uint8Array>;
  return new Response(body, { status: response.statusCode ?? 0 });
}

/** Loads the page and everything that it asks for. Returns the paths. `ca` as for `ask`. */
export async function loadPage(page: string, ca?: Buffer): Promise<string[]> {
  const paths = [''];
  for (const path of paths) {
    const response = await ask(new URL(path, page), ca);
    expect([path, response.status]).toEqual([path, 200]);
    const text = await response.text();
    const asked = /(?:src="|<link [^>]*href="|from '|url\(")\.?\/?([\w.-]+)["']/g;
    for (const [, other = ''] of text.matchAll(asked))
      if (!paths.includes(other)) paths.push(other);
  }
  return paths;
}
