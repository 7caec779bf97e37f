// What signals do to a server. Ctrl-C and SIGTERM are in serve.test.ts.
import { writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { TemporaryFolder } from '../support/folder.ts';
import { type ServeProcess, serve, serveWith } from '../support/serve-process.ts';

/** Resolves when the server has written `text` to its log. */
function logged({ child }: ServeProcess, text: string): Promise<void> {
  return new Promise((resolve) => {
    let log = '';
    child.stderr?.on('data', (chunk) => {
      log += chunk;
      if (log.includes(text)) resolve();
    });
  });
}

test('SIGHUP is logged, and the sale goes on', async () => {
  using folder = new TemporaryFolder();
  await using server = await serve(folder.file('shop.db'));
  await using client = await server.login();
  const noticed = logged(server, 'hangup');
  server.child.kill('SIGHUP');
  await noticed;
  expect(await client.ask('PURCHASE 1001 1')).toMatchObject({ lines: [{ available: 49 }] });
  expect(await server.stop()).toMatchObject({ code: 0, signal: null });
});

test.runIf(!process.env.INV_BIN)(
  'SIGHUP in the first moment of a start is waited out: the files are still to be read',
  async () => {
    using folder = new TemporaryFolder();
    // The start of bin/run.js, before any module of ours is loaded.
    const early = folder.file('early.mjs');
    const script = `import module from 'node:module';
      const { enableCompileCache } = module;
      module.enableCompileCache = (...args) => {
        process.kill(process.pid, 'SIGHUP');
        console.error('early');
        return enableCompileCache(...args);
      };`;
    writeFileSync(early, script);
    const env = { NODE_OPTIONS: `--import ${early}` };
    await using server = await serveWith(env, '--data', folder.file('shop.db'));
    const { code, stderr } = await server.stop();
    expect(code).toBe(0);
    expect(stderr).toContain('early');
  },
);

test.for(['SIGUSR1', 'SIGUSR2', 'SIGPIPE'] as const)('%s does nothing', async (signal) => {
  using folder = new TemporaryFolder();
  await using server = await serve(folder.file('shop.db'));
  await using client = await server.login();
  server.child.kill(signal);
  // Node says on stderr that its debugger listens; a hangup later that would be there.
  const noticed = logged(server, 'hangup');
  server.child.kill('SIGHUP');
  await noticed;
  expect(await client.ask('PURCHASE 1001 1')).toMatchObject({ lines: [{ available: 49 }] });
  const { code, stderr } = await server.stop();
  expect(code).toBe(0);
  expect(
    stderr
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line).event),
  ).toEqual(['started', 'logged in', 'hangup', 'stopping', 'stopped']);
});

test('SIGQUIT stops the server as SIGTERM does: no core file', async () => {
  using folder = new TemporaryFolder();
  await using server = await serve(folder.file('shop.db'));
  const ended = await server.stop('SIGQUIT');
  expect(ended).toMatchObject({ code: 0, signal: null });
  expect(ended.stderr).toMatch(/"event":"stopping","signal":"SIGQUIT"/);
});
