/** The Chromium that npm brings for Linux, unpacked into a folder of the test's own. */
import { type Browser, chromium } from 'playwright-core';
import { TemporaryFolder } from '../../support/folder.ts';

export interface TestBrowser extends AsyncDisposable {
  readonly browser: Browser;
}

/**
 * Nothing but what it needs to run as any user, root too, and to send nothing by itself. The package's own arguments are for
 * one page in one process, without the rules of the web.
 */
const ARGUMENTS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-dev-shm-usage',
  '--disable-background-networking',
  '--disable-quic',
];

/** Returns why there is none, where this machine cannot run it: it is for Linux on x64, and takes libraries of the system. */
export async function startBrowser(): Promise<TestBrowser | string> {
  if (process.platform !== 'linux' || process.arch !== 'x64') return 'it is for Linux on x64';
  const folder = new TemporaryFolder();
  const { TMPDIR } = process.env;
  // It unpacks itself into the folder for temporary files.
  process.env.TMPDIR = folder.path;
  try {
    const { default: packed } = await import('@sparticuz/chromium');
    const browser = await chromium.launch({
      executablePath: await packed.executablePath(),
      args: ARGUMENTS,
      headless: true,
    });
    return {
      browser,
      [Symbol.asyncDispose]: async () => {
        await browser.close();
        folder[Symbol.dispose]();
      },
    };
  } catch (error) {
    folder[Symbol.dispose]();
    const [missing] = /error while loading shared libraries: \S+/.exec(String(error)) ?? [];
    if (missing === undefined) throw error;
    return missing;
  } finally {
    if (TMPDIR === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = TMPDIR;
  }
}
