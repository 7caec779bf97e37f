import { expect } from 'vitest';
import { PASSWORDS } from './in-process.ts';
import type { ServeProcess } from './serve-process.ts';

/** Where a server says that its page is: `http://127.0.0.1:PORT/`. */
export function pageOf({ greeting }: ServeProcess): string {
  const [, page] =
    /^page +(\S+)$/.exec(greeting.find((line) => line.startsWith('page')) ?? '') ?? [];
  if (page === undefined) throw new Error(`no page in ${JSON.stringify(greeting)}`);
  return page;
}

/** Asks with the name and password of alice. */
export function ask(url: string | URL): Promise<Response> {
  const credentials = Buffer.from(`alice:${PASSWORDS.alice}`).toString('base64');
  return fetch(url, { headers: { Authorization: `Basic ${credentials}` } });
}

/** Loads the page and everything that it asks for. Returns the paths. */
export async function loadPage(page: string): Promise<string[]> {
  const paths = [''];
  for (const path of paths) {
    const response = await ask(new URL(path, page));
    expect([path, response.status]).toEqual([path, 200]);
    const text = await response.text();
    const asked = /(?:src="|<link [^>]*href="|from '|url\(")\.?\/?([\w.-]+)["']/g;
    for (const [, other = ''] of text.matchAll(asked))
      if (!paths.includes(other)) paths.push(other);
  }
  return paths;
}
