/** The page: asks the server once a second for what moves, and shows it. */
import { SalesChart } from './chart.js';
import { LevelList, setText } from './levels.js';

/** Milliseconds between two looks; behind another window; and the longest pause when the server does not answer. */
const LOOK_EVERY_MS = 1_000;
const LOOK_HIDDEN_EVERY_MS = 5_000;
const LONGEST_PAUSE_MS = 5_000;

/** A look that takes longer has failed. */
const LOOK_TIMEOUT_MS = 6_000;

/** The screen reader is told of items that are sold out no more often than this. */
const NEWS_EVERY_MS = 15_000;

/**
 * @typedef {object} Live
 * @property {number} at
 * @property {string} user
 * @property {string | null} trouble
 * @property {boolean} isReading the levels were not there in time
 * @property {{ host: string, pid: number, version: string, shop: string, startedAt: number, upMs: number, connections: number }} server
 * @property {{ purchases: number, units: number, refusals: number, items: number, soldOut: number }} totals
 * @property {readonly (readonly [number, number])[]} sales
 * @property {readonly { at: number, code: string, message: string, times: number }[]} refusals
 * @property {{ page: number, pageSize: number, total: number }} list
 * @property {readonly import('./levels.js').Level[]} levels
 */

/**
 * @param {string} id
 * @returns {HTMLElement}
 */
function part(id) {
  return /** @type {HTMLElement} */ (document.getElementById(id));
}

const controls = /** @type {HTMLFormElement} */ (part('controls'));
const search = /** @type {HTMLInputElement} */ (part('search'));
const previous = /** @type {HTMLButtonElement} */ (part('previous'));
const next = /** @type {HTMLButtonElement} */ (part('next'));
const chart = new SalesChart(part('chart'));
const levels = new LevelList(part('items'));

let page = 0;
let failures = 0;
/** Each look has a number; what comes late is dropped. */
let looks = 0;
let startedAt = 0;
/** @type {ReturnType<typeof setTimeout> | undefined} */
let timer;
/** @type {string[]} */
let soldOut = [];
let newsAt = Number.NEGATIVE_INFINITY;

controls.addEventListener('submit', (event) => event.preventDefault());
controls.addEventListener('input', () => goTo(0));
previous.addEventListener('click', () => goTo(page - 1));
next.addEventListener('click', () => goTo(page + 1));
document.addEventListener('visibilitychange', () => {
  if (!document.hidden) void look();
});
document.addEventListener('keydown', (event) => {
  if (event.key !== '/' || event.target === search || event.ctrlKey || event.metaKey) return;
  event.preventDefault();
  search.focus();
});
void look();

/** @param {number} other */
function goTo(other) {
  page = Math.max(0, other);
  void look();
}

async function look() {
  clearTimeout(timer);
  const number = ++looks;
  try {
    const response = await fetch(`live.json?${question()}`, {
      cache: 'no-store',
      signal: AbortSignal.timeout(LOOK_TIMEOUT_MS),
    });
    if (number !== looks) return;
    if (response.status === 401) return tellState('out', 'Logged out: load the page again');
    if (!response.ok) throw new Error(await response.text());
    const live = /** @type {Live} */ (await response.json());
    if (number !== looks) return;
    failures = 0;
    show(live);
  } catch {
    if (number !== looks) return;
    failures++;
    tellState('lost', 'Server lost, trying again');
  }
  const pause = document.hidden ? LOOK_HIDDEN_EVERY_MS : LOOK_EVERY_MS;
  timer = setTimeout(look, Math.min(LONGEST_PAUSE_MS, pause * Math.max(1, failures)));
}

function question() {
  const list = new FormData(controls).get('list');
  return new URLSearchParams({
    list: String(list),
    search: search.value.trim(),
    page: String(page),
    after: String(chart.last),
  });
}

/** @param {Live} live */
function show(live) {
  if (live.server.startedAt !== startedAt) chart.clear();
  startedAt = live.server.startedAt;
  tellState(
    live.trouble === null ? 'selling' : 'trouble',
    live.trouble === null ? 'Selling' : `Not selling: ${live.trouble}`,
  );
  chart.add(live.at, live.sales);
  const { purchases, units, refusals, items } = live.totals;
  const rate = live.sales.at(-1)?.[1];
  // A look before the next second is over brings no new point: what was told stays.
  if (rate !== undefined) {
    setText(part('rate'), number(rate));
    document.title = `${number(rate)}/s · inv`;
  }
  setText(part('purchases'), number(purchases));
  setText(part('units'), number(units));
  setText(part('refused'), number(refusals));
  showSoldOut(live.totals.soldOut, items);
  soldOut.push(...levels.show(live.levels));
  showPages(live);
  showRefusals(live.refusals);
  showServer(live);
  setText(part('user'), live.user);
  tellNews();
}

/**
 * @param {number} count
 * @param {number} items
 */
function showSoldOut(count, items) {
  const place = part('sold-out');
  const of = document.createElement('small');
  of.textContent = ` of ${number(items)}`;
  if (place.textContent !== `${number(count)}${of.textContent}`) {
    place.replaceChildren(number(count), of);
  }
  part('out-tile').classList.toggle('some', count > 0);
}

/** @param {Live} live */
function showPages({ list: { page: shown, pageSize, total }, levels, isReading }) {
  const pages = Math.max(1, Math.ceil(total / pageSize));
  part('pager').hidden = pages === 1;
  previous.disabled = shown === 0;
  next.disabled = shown >= pages - 1;
  setText(part('pages'), `${number(shown + 1)} of ${number(pages)}`);
  const none = part('none');
  none.hidden = levels.length > 0;
  const found = search.value.trim() === '' ? 'No items here.' : 'No item is called so.';
  setText(none, isReading ? 'Reading the levels…' : found);
  if (shown >= pages) page = pages - 1;
}

/** @param {Live['refusals']} refusals */
function showRefusals(refusals) {
  part('no-refusals').hidden = refusals.length > 0;
  const rows = refusals.slice(0, 8).map(({ at, code, message, times }) => {
    const row = document.createElement('li');
    const time = document.createElement('time');
    const date = new Date(at);
    time.dateTime = date.toISOString();
    time.textContent = date.toLocaleTimeString();
    const label = document.createElement('b');
    label.textContent = code;
    const text = document.createElement('span');
    text.className = 'why';
    text.textContent = times > 1 ? `${message} (${number(times)} times)` : message;
    row.append(time, label, text);
    return row;
  });
  part('refusals').replaceChildren(...rows);
}

/** @param {Live} live */
function showServer({ server }) {
  const facts = {
    Server: `${server.host}, process ${server.pid}`,
    Version: `inv ${server.version}`,
    'Up for': duration(server.upMs),
    Connections: number(server.connections),
    Shop: server.shop,
  };
  const rows = Object.entries(facts).flatMap(([term, value]) => {
    const name = document.createElement('dt');
    name.textContent = term;
    const text = document.createElement('dd');
    text.textContent = value;
    return [name, text];
  });
  part('server').replaceChildren(...rows);
}

/**
 * @param {'selling' | 'trouble' | 'lost' | 'out'} state
 * @param {string} text
 */
function tellState(state, text) {
  part('state').dataset.state = state;
  setText(part('state-text'), text);
  part('main').classList.toggle('stale', state === 'lost' || state === 'out');
}

/** Tells those who hear the page what is sold out. */
function tellNews() {
  const now = performance.now();
  if (soldOut.length === 0 || now - newsAt < NEWS_EVERY_MS) return;
  newsAt = now;
  const names = soldOut.slice(0, 3).join(', ');
  const more = soldOut.length > 3 ? ` and ${soldOut.length - 3} more` : '';
  setText(part('news'), `Sold out: ${names}${more}`);
  soldOut = [];
}

/** @param {number} value */
function number(value) {
  return value.toLocaleString();
}

/** @param {number} milliseconds */
function duration(milliseconds) {
  const minutes = Math.floor(milliseconds / 60_000);
  const hours = Math.floor(minutes / 60);
  const days = Math.floor(hours / 24);
  if (days > 0) return `${days} d ${hours % 24} h`;
  return hours > 0 ? `${hours} h ${minutes % 60} min` : `${minutes} min`;
}
