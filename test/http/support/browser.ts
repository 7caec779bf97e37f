/** The Chromium that npm brings for Linux, unpacked into a folder of the test's own. */
import { type Browser, chromium } from 'playwright-core';
import { TemporaryFolder } from '../../support/folder.ts';

export interface TestBrowser extends AsyncDisposable {
  readonly browser: Browser;
}

/** Why there is no browser on this machine, or null: it is one for Linux on x64. */
export const whyNoBrowser =
  process.platform === 'linux' && process.arch === 'x64'
    ? null
    : 'npm brings a Chromium for Linux on x64 only';

export async function startBrowser(): Promise<TestBrowser> {
  const folder = new TemporaryFolder();
  const { TMPDIR } = process.env;
  // It unpacks itself into the folder for temporary files.
  process.env.TMPDIR = folder.path;
  try {
    const { default: packed } = await import('@sparticuz/chromium');
    const browser = await chromium.launch({
      executablePath: await packed.executablePath(),
      args: [...packed.args, '--disable-background-networking', '--disable-quic'],
      headless: true,
    });
    return {
      browser,
      [Symbol.asyncDispose]: async () => {
        await browser.close();
        folder[Symbol.dispose]();
      },
    };
  } finally {
    if (TMPDIR === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = TMPDIR;
  }
}
