/** The page in a real browser. */
import type { BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { USERS } from '../../src/inventory/users.ts';
import { TlsListener } from '../../src/server/tls-listener.ts';
import { Authority, hasOpenssl } from '../support/certificates.ts';
import { PASSWORDS } from '../support/in-process.ts';
import { contextOf } from '../support/tls-server.ts';
import { startBrowser, type TestBrowser } from './support/browser.ts';
import { startSite, type TestSite } from './support/site.ts';

describe('the page, in the Chromium that npm brings', () => {
  let chromium: TestBrowser;
  let whyNot: string | null = null;

  beforeAll(async () => {
    const started = await startBrowser();
    if (typeof started === 'string') whyNot = started;
    else chromium = started;
  }, 60_000);
  beforeEach(({ skip }) => skip(whyNot !== null, `left out: ${whyNot}`));
  afterAll(() => chromium?.[Symbol.asyncDispose]());

  /** What a viewer has in front of himself, and everything that went wrong with it. */
  class Viewer implements AsyncDisposable {
    readonly page: Page;
    readonly faults: string[] = [];
    /** Where else than to `origin` it has sent a request. */
    readonly elsewhere: string[] = [];
    readonly #context: BrowserContext;

    private constructor(context: BrowserContext, page: Page, origin: string) {
      this.#context = context;
      this.page = page;
      page.on('pageerror', ({ message }) => this.faults.push(message));
      page.on('console', (message) => {
        const isFault = message.type() === 'error' && !/Failed to load/.test(message.text());
        if (isFault) this.faults.push(message.text());
      });
      page.on('request', (request) => {
        if (!request.url().startsWith(origin)) this.elsewhere.push(request.url());
      });
    }

    static async open({ origin }: TestSite, width = 1280): Promise<Viewer> {
      const context = await chromium.browser.newContext({
        httpCredentials: { username: 'alice', password: PASSWORDS.alice },
        // It does not know the authority of a test.
        ignoreHTTPSErrors: true,
        locale: 'en-GB',
        viewport: { width, height: 800 },
      });
      const page = await context.newPage();
      const viewer = new Viewer(context, page, origin);
      await page.goto(`${origin}/`);
      await page.getByRole('status').getByText('Selling', { exact: true }).waitFor();
      return viewer;
    }

    /** The names of the items that are shown, from the first one on. */
    items(): Promise<string[]> {
      return this.page.locator('.item .name span:last-child').allTextContents();
    }

    async [Symbol.asyncDispose](): Promise<void> {
      await this.#context.close();
    }
  }

  test('a purchase arrives, sold out is red, and no request goes elsewhere', async () => {
    await using site = await startSite();
    await using viewer = await Viewer.open(site);
    const { page } = viewer;
    const signed = page.getByRole('listitem').filter({ hasText: 'Vinyl LP, signed' });
    await signed.getByText('10', { exact: true }).waitFor();
    await using client = await site.login();
    await client.ask('PURCHASE 1006 1');
    await signed.getByText('9', { exact: true }).waitFor();
    const full = () =>
      signed.locator('.bar').evaluate((bar) => bar.style.getPropertyValue('--full'));
    expect(await full()).toBe('0.9');
    await client.ask('PURCHASE 1006 10');
    await client.ask('PURCHASE 1006 9');
    const label = signed.getByText('Sold out');
    await label.waitFor();
    const colour = await page.evaluate<string>(
      "getComputedStyle(document.querySelector('.item.out .left')).color",
    );
    const [red, green, blue] = (colour.match(/\d+/g) ?? []).map(Number);
    expect(red).toBeGreaterThan(2 * Math.max(green ?? 255, blue ?? 255));
    await page.getByText('too little stock: 1006 asked 10 available 9').waitFor();
    await page.locator('#purchases').getByText('2', { exact: true }).waitFor();
    expect(await page.locator('canvas').count()).toBe(1);
    expect(await page.getByRole('img').getAttribute('aria-label')).toMatch(/^Sales a second/);
    expect(viewer).toMatchObject({ faults: [], elsewhere: [] });
  });

  test("the line goes on when the server's clock is set back, and so does how long it is up", async () => {
    await using site = await startSite({ catalog: [{ upc: 1, name: 'Pin', units: 10_000 }] });
    await using viewer = await Viewer.open(site);
    const { page } = viewer;
    await page.locator('#rate', { hasText: /^0$/ }).waitFor();
    const { now } = Date;
    using _ = vi.spyOn(Date, 'now').mockImplementation(() => now() - 3_600_000);
    await using client = await site.login();
    const rate = async () => {
      await client.ask('PURCHASE 1 1');
      return Number(await page.locator('#rate').textContent());
    };
    await expect.poll(rate, { timeout: 10_000 }).toBeGreaterThan(0);
    await page
      .locator('#server')
      .getByText(/^0 min$/)
      .waitFor();
    expect(viewer.faults).toEqual([]);
  });

  test('what is typed into the search changes nothing of the sales a second in the title', async () => {
    await using site = await startSite({ catalog: [{ upc: 1, name: 'Pin', units: 10_000 }] });
    await using viewer = await Viewer.open(site);
    const { page } = viewer;
    await page.locator('#rate', { hasText: /^0$/ }).waitFor();
    await using client = await site.login();
    await client.ask('PURCHASE 1 1');
    await page.locator('#rate', { hasText: /^[1-9]/ }).waitFor();
    // A new point comes once a second: the looks of quick typing bring none.
    for (const key of 'pin') {
      const answered = page.waitForResponse(/live\.json/);
      await page.getByRole('searchbox').press(key);
      await (await answered).finished();
      const [title, rate] = await page.evaluate<[string, string]>(
        "[document.title, document.getElementById('rate').textContent]",
      );
      expect(title).toBe(`${rate}/s · inv`);
    }
    expect(viewer.faults).toEqual([]);
  });

  test('a phone of 320 pixels shows the names of all items to their end', async () => {
    await using site = await startSite();
    await using viewer = await Viewer.open(site, 320);
    expect(await viewer.items()).toHaveLength(14);
    const cut = await viewer.page
      .locator('.item .name')
      .evaluateAll((names) =>
        names.filter((name) => name.scrollWidth > name.clientWidth).map((name) => name.textContent),
      );
    expect(cut).toEqual([]);
    expect(await viewer.page.evaluate('document.documentElement.scrollWidth')).toBe(320);
  });

  test.runIf(hasOpenssl)('over TLS', async () => {
    using authority = new Authority();
    const context = contextOf(authority.issue());
    await using site = await startSite({
      openSiteListener: (accept, log) => new TlsListener(context, accept, log),
    });
    await using viewer = await Viewer.open(site);
    expect(viewer.page.url()).toMatch(/^https:/);
    await using client = await site.login();
    await client.ask('PURCHASE 1006 1');
    const signed = viewer.page.getByRole('listitem').filter({ hasText: 'Vinyl LP, signed' });
    await signed.getByText('9', { exact: true }).waitFor();
    expect(viewer).toMatchObject({ faults: [], elsewhere: [] });
  });

  test('the server is lost, and found again; a user who is removed is out', async () => {
    const first = await startSite();
    await using viewer = await Viewer.open(first);
    const { page } = viewer;
    const state = page.getByRole('status');
    const port = Number(new URL(first.origin).port);
    await first[Symbol.asyncDispose]();
    await state.getByText('Server lost, trying again').waitFor();
    // What was known stays to be seen.
    expect(await viewer.items()).toHaveLength(14);
    await using second = await startSite({ port });
    await state.getByText('Selling', { exact: true }).waitFor();
    second.server.replaceUsers(USERS.filter(({ name }) => name !== 'alice'));
    await state.getByText('Logged out: load the page again').waitFor();
    expect(viewer.faults).toEqual([]);
  });

  test('with the keyboard alone: search, lists, pages', async () => {
    const catalog = Array.from({ length: 150 }, (_, index) => ({
      upc: index + 1,
      name: `Thing ${index + 1}`,
      units: index < 3 ? 0 : 5,
    }));
    await using site = await startSite({ catalog });
    await using viewer = await Viewer.open(site, 390);
    const { page } = viewer;
    const first = (name: string) => page.locator(`.item:first-child:has-text("${name}")`).waitFor();
    await page.keyboard.press('/');
    expect(await page.getByRole('searchbox', { name: 'Search by name or UPC' }).isVisible()).toBe(
      true,
    );
    await page.keyboard.type('thing 149');
    await first('Thing 149');
    expect(await viewer.items()).toEqual(['Thing 149']);
    await page.keyboard.press('Control+a');
    await page.keyboard.press('Delete');
    await page.keyboard.press('Shift+Tab');
    await page.keyboard.press('ArrowRight');
    await page.getByText('1 of 3').waitFor();
    await page.getByRole('button', { name: 'Next' }).focus();
    await page.keyboard.press('Enter');
    await first('Thing 61');
    await page.getByRole('radio', { name: 'All' }).focus();
    await page.keyboard.press('ArrowRight');
    await first('Thing 1');
    expect(await viewer.items()).toEqual(['Thing 1', 'Thing 2', 'Thing 3']);
    // Nothing is wider than a phone.
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(390);
    expect(viewer.faults).toEqual([]);
  });
});
