/** The line of sales a second, drawn by uPlot, which the page has loaded before. */

/** The time that the line shows, in seconds. */
const SHOWN_SECONDS = 600;

/** How often the words for those who do not see the line are made anew: they are read when somebody asks. */
const WORDS_EVERY_MS = 10_000;

/** Not there in a browser with which uPlot cannot be loaded: then there is no line, and all else. */
const { uPlot } = /** @type {{ uPlot?: typeof import('uplot') }} */ (
  /** @type {unknown} */ (window)
);

export class SalesChart {
  /** @type {HTMLElement} */ #place;
  /** @type {number[]} Seconds since 1970 UTC. */ #times = [];
  /** @type {number[]} */ #rates = [];
  /** @type {uPlot | null} */ #plot = null;
  #now = 0;
  #wordsAt = 0;

  /** @param {HTMLElement} place */
  constructor(place) {
    this.#place = place;
    this.#draw();
    new ResizeObserver(() => this.#plot?.setSize(this.#size())).observe(place);
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => this.#draw());
  }

  /** The time of the last point, in milliseconds; 0 when there is none. */
  get last() {
    return (this.#times.at(-1) ?? 0) * 1000;
  }

  /**
   * @param {number} now milliseconds since 1970 UTC, by the server
   * @param {readonly (readonly [at: number, perSecond: number])[]} points
   */
  add(now, points) {
    this.#now = now / 1000;
    // The server's clock was set back: its line begins anew.
    if (now < this.last) this.clear();
    for (const [at, rate] of points) {
      if (at <= this.last) continue;
      this.#times.push(at / 1000);
      this.#rates.push(rate);
    }
    const old = this.#times.findIndex((time) => time >= this.#now - SHOWN_SECONDS);
    this.#times.splice(0, old < 0 ? this.#times.length : old);
    this.#rates.splice(0, this.#rates.length - this.#times.length);
    this.#plot?.setData([this.#times, this.#rates]);
    this.#tell();
  }

  /** Forgets the line: another server, or one that was started again, begins its own. */
  clear() {
    this.#times = [];
    this.#rates = [];
  }

  #tell() {
    if (performance.now() - this.#wordsAt < WORDS_EVERY_MS) return;
    this.#wordsAt = performance.now();
    const highest = Math.max(0, ...this.#rates);
    const words = `Sales a second over the last ten minutes: now ${this.#rates.at(-1) ?? 0}, at most ${highest}`;
    this.#place.setAttribute('aria-label', words);
  }

  #size() {
    const { clientWidth, clientHeight } = this.#place;
    return { width: clientWidth, height: clientHeight };
  }

  #draw() {
    this.#plot?.destroy();
    if (uPlot === undefined) return;
    const style = getComputedStyle(document.documentElement);
    const colour = (/** @type {string} */ name) => style.getPropertyValue(name).trim();
    const size = Number.parseFloat(style.fontSize);
    const { width } = this.#size();
    const axis = {
      stroke: colour('--quiet'),
      font: `${0.8 * size}px system-ui, sans-serif`,
      grid: { stroke: colour('--track'), width: 1 },
      ticks: { show: false },
    };
    /** @type {import('uplot').Options} */
    const options = {
      ...this.#size(),
      padding: [size / 2, 1.2 * size, 0, 0],
      legend: { show: false },
      cursor: { show: false },
      scales: {
        x: { range: () => [this.#now - SHOWN_SECONDS, this.#now] },
        y: { range: (_, __, highest) => [0, Math.max(1, (highest ?? 0) * 1.15)] },
      },
      axes: [
        {
          ...axis,
          space: 7 * size,
          size: 1.8 * size,
          grid: { show: false },
          values: (_, times) => times.map(clockTime),
        },
        {
          ...axis,
          space: 1.8 * size,
          size: (_, numbers) => size * (0.9 + 0.55 * longest(numbers ?? [])),
        },
      ],
      series: [
        {},
        {
          stroke: colour('--accent'),
          // Ten minutes have 600 points: on a phone a strong line would fill what is between them.
          width: Math.max(1, Math.min(size / 8, width / 500)),
          fill: (plot) => this.#fill(plot, colour('--accent')),
          points: { show: false },
        },
      ],
    };
    this.#plot = new uPlot(options, [this.#times, this.#rates], this.#place);
  }

  /**
   * Strong at the line, and nothing at its foot.
   * @param {import('uplot')} plot
   * @param {string} colour
   */
  #fill(plot, colour) {
    const { top, height } = plot.bbox;
    const fill = plot.ctx.createLinearGradient(0, top, 0, top + height);
    fill.addColorStop(0, `${colour}55`);
    fill.addColorStop(1, `${colour}00`);
    return fill;
  }
}

/**
 * How many characters the longest of them has.
 * @param {readonly string[]} texts
 */
function longest(texts) {
  return Math.max(1, ...texts.map(({ length }) => length));
}

/** @param {number} seconds */
function clockTime(seconds) {
  return new Date(seconds * 1000).toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' });
}
