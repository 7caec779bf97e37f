// node test/http/pictures.ts: takes the pictures of docs/pictures anew, of ten minutes in a shop that is busy.
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { PASSWORDS } from '../support/in-process.ts';
import { commands } from '../support/raw-client.ts';
import { startBrowser } from './support/browser.ts';
import { startSite } from './support/site.ts';

const SECONDS = 600;
const folder = join(import.meta.dirname, '../../docs/pictures');

/** What a record shop has on a day when tickets go on sale. */
const CATALOG = [
  ['Concert ticket, front row', 900],
  ['Concert ticket, balcony', 1_400],
  ['Tour T-shirt, size M', 420],
  ['Tour T-shirt, size L', 380],
  ['Hoodie, black', 260],
  ['Vinyl LP, signed', 90],
  ['Vinyl LP', 700],
  ['Poster, A2', 350],
  ['Enamel pin', 500],
  ['Tote bag', 240],
  ['Cassette', 120],
  ['Cap, embroidered', 150],
  ['Photo book', 110],
  ['Sticker sheet', 600],
  ['Patch set', 300],
].map(([name, units], index) => ({
  upc: 1001 + index,
  name: name as string,
  units: units as number,
}));

/** How often each of them is asked for. */
const WEIGHTS = [10, 9, 3, 3, 2, 4, 4, 1, 2, 1, 2, 1, 1, 2, 1];
const CHOICES = WEIGHTS.flatMap((weight, index) => Array<number>(weight).fill(1001 + index));

await using site = await startSite({ catalog: CATALOG });
await using client = await site.login();
let random = 7;
const draw = (): number => {
  random = (random * 16_807) % 2_147_483_647;
  return random / 2_147_483_647;
};
for (let second = 0; second < SECONDS; second++) {
  // A wave, a rush at the third minute, and chance.
  const rush = 22 * Math.exp(-(((second - 190) / 35) ** 2));
  const rate = (4 + 2.5 * Math.sin(second / 55) + rush) * (0.6 + 0.8 * draw());
  const asked = Array.from({ length: Math.round(rate) }, () => {
    const upc = CHOICES[Math.floor(draw() * CHOICES.length)] as number;
    return `PURCHASE ${upc} ${draw() < 0.8 ? 1 : 2}`;
  });
  if (asked.length > 0) {
    await client.send(commands(...asked));
    await client.replies(asked.length);
  }
  await pause(1_000);
}

const started = await startBrowser();
if (typeof started === 'string') throw new Error(started);
await using chromium = started;
for (const [name, width, height, colorScheme, deviceScaleFactor] of [
  ['page-light', 1280, 860, 'light', 1],
  ['page-dark', 1280, 860, 'dark', 1],
  ['page-phone', 390, 844, 'dark', 1.5],
] as const) {
  const context = await chromium.browser.newContext({
    httpCredentials: { username: 'alice', password: PASSWORDS.alice },
    locale: 'en-GB',
    viewport: { width, height },
    colorScheme,
    deviceScaleFactor,
  });
  const page = await context.newPage();
  // Not the name of the machine that takes the picture.
  await page.route('**/live.json*', async (route) => {
    const response = await route.fetch();
    const live = (await response.json()) as { server: object };
    Object.assign(live.server, { host: 'shop-1.example', version: '1.0.0', pid: 4711 });
    await route.fulfill({ response, json: live });
  });
  await page.goto(`${site.origin}/`);
  await page.locator('.item').first().waitFor();
  // Some levels move, so that the picture shows how.
  await client.send(commands(...CATALOG.map(({ upc }) => `PURCHASE ${upc} 9`)));
  await client.replies(CATALOG.length);
  await pause(1_700);
  await page.screenshot({ path: join(folder, `${name}.png`), fullPage: width > 1000 });
  // A look may still be under way.
  await page.unrouteAll({ behavior: 'ignoreErrors' });
  await context.close();
}
