/** What is sent to a browser or a monitor, with the headers that keep a browser safe. */
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Turns } from '../server/turns.ts';

/**
 * Nothing comes from elsewhere, no script and no style stands in the page itself, nobody shows the page in a
 * frame, and nothing is kept: it is behind a password.
 */
const HEADERS: Readonly<Record<string, string>> = {
  'Content-Security-Policy': [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self'",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; '),
  'Cache-Control': 'no-store',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
};

const PLAIN = 'text/plain; charset=utf-8';
export const JSON_TYPE = 'application/json; charset=utf-8';

/** A whole reply. */
export interface HttpReply {
  readonly status: number;
  readonly type: string;
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A line of text. */
export function line(
  status: number,
  text: string,
  headers: Readonly<Record<string, string>> = {},
): HttpReply {
  return { status, type: PLAIN, body: `${text}\n`, headers };
}

export function send(response: ServerResponse, { status, type, body, headers }: HttpReply): void {
  const bytes = Buffer.from(body);
  response.writeHead(status, {
    ...HEADERS,
    'Content-Type': type,
    'Content-Length': bytes.length,
    ...headers,
  });
  response.end(bytes);
}

/**
 * Sends a long reply in parts, each in one of `turns`, when the reader has taken the one before. Rejects with the error
 * of `gone` when that is aborted.
 */
export async function sendParts(
  request: IncomingMessage,
  response: ServerResponse,
  type: string,
  parts: Iterator<string>,
  turns: Turns,
  gone: AbortSignal,
): Promise<void> {
  response.writeHead(200, { ...HEADERS, 'Content-Type': type });
  if (request.method === 'HEAD') {
    response.end();
    return;
  }
  while (!response.writableEnded) {
    // The part is made in the turn too: that is most of the work.
    await turns.do(() => {
      gone.throwIfAborted();
      const { done, value } = parts.next();
      if (done === true) response.end();
      else response.write(value);
    });
    if (response.writableNeedDrain) await once(response, 'drain', { signal: gone });
  }
}
