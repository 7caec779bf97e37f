/** The bars. Rows stay the same elements from one look to the next, so that their bars move. */

/** A level at or below this part of a full bar is low. */
const LOW = 0.1;

/** @typedef {{ upc: number, code: string, name: string, available: number, most: number }} Level */

/**
 * @typedef {object} Row
 * @property {HTMLLIElement} element
 * @property {HTMLElement} name
 * @property {HTMLElement} code
 * @property {HTMLElement} left
 * @property {HTMLElement} bar
 * @property {number} available
 */

export class LevelList {
  /** @type {HTMLElement} */ #list;
  /** @type {Map<number, Row>} */ #rows = new Map();

  /** @param {HTMLElement} list */
  constructor(list) {
    this.#list = list;
  }

  /**
   * Shows these levels, in their order. Returns the names of those that were shown with units, and have none now.
   * @param {readonly Level[]} levels
   */
  show(levels) {
    /** @type {string[]} */
    const soldOut = [];
    const shown = levels.map((level) => {
      const row = this.#rows.get(level.upc) ?? newRow(level);
      if (row.available > 0 && level.available === 0) soldOut.push(level.name);
      update(row, level);
      return /** @type {const} */ ([level.upc, row]);
    });
    const before = [...this.#rows.keys()];
    this.#rows = new Map(shown);
    const isSame =
      before.length === shown.length && shown.every(([upc], index) => upc === before[index]);
    if (!isSame) this.#list.replaceChildren(...shown.map(([, { element }]) => element));
    return soldOut;
  }
}

/**
 * @param {Level} level
 * @returns {Row}
 */
function newRow({ available, most }) {
  const element = document.createElement('li');
  element.className = 'item';
  const name = document.createElement('span');
  const code = document.createElement('span');
  code.className = 'code';
  const text = document.createElement('span');
  text.className = 'name';
  text.append(code, name);
  const left = document.createElement('span');
  left.className = 'left';
  const bar = document.createElement('div');
  bar.className = 'bar';
  bar.setAttribute('aria-hidden', 'true');
  const was = document.createElement('i');
  was.className = 'was';
  bar.append(was, document.createElement('i'));
  bar.style.setProperty('--full', String(part(available, most)));
  element.append(text, left, bar);
  return { element, name, code, left, bar, available };
}

/**
 * @param {Row} row
 * @param {Level} level
 */
function update(row, { name, code, available, most }) {
  const full = part(available, most);
  row.available = available;
  setText(row.name, name);
  setText(row.code, code);
  row.element.title = `${code} ${name}`;
  setText(row.left, available === 0 ? 'Sold out' : available.toLocaleString());
  row.element.classList.toggle('out', available === 0);
  row.element.classList.toggle('low', available > 0 && full <= LOW);
  row.bar.style.setProperty('--full', String(full));
}

/**
 * @param {number} available
 * @param {number} most
 */
function part(available, most) {
  return most === 0 ? 0 : Math.min(1, available / most);
}

/**
 * @param {Element} element
 * @param {string} text
 */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}
