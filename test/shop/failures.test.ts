/** What a user is told when no server was reached: something that helps. */
import { expect, test } from 'vitest';
import { NoServer } from '../../src/client/errors.ts';
import { toFailure } from '../../src/shop/failures.ts';

const ELSEWHERE = 'check --host and --port, and whether it runs there';

test.each([
  // `inv serve` listens on 127.0.0.1, which localhost names too.
  ['127.0.0.1', '127.0.0.1', 'start one with `inv serve --port 5171`'],
  ['localhost', '::1', 'start one with `inv serve --port 5171`'],
  // There it listens only when it is told so.
  ['::1', '::1', 'start one with `inv serve --host ::1 --port 5171`'],
  ['127.0.0.9', '127.0.0.9', 'start one with `inv serve --host 127.0.0.9 --port 5171`'],
  // This machine by its name, as many systems have it.
  ['till', '127.0.1.1', 'start one with `inv serve --host till --port 5171`'],
  ['192.0.2.7', '192.0.2.7', ELSEWHERE],
  ['shop.example', '192.0.2.7', ELSEWHERE],
  ['127.example', '192.0.2.7', ELSEWHERE],
])('no server at %s (%s)', (host, address, advice) => {
  const cause = Object.assign(new Error('refused'), { code: 'ECONNREFUSED', address });
  const server = { host, port: 5171 };
  expect((toFailure(new NoServer('', { cause }), server) as Error).message).toMatch(
    new RegExp(`^no server at \\S+:5171; ${advice}$`),
  );
});
