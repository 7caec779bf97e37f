/** Lists of the operator: a table for people, JSON or CSV for programs, both written as the rows are read. */
import { Flags } from '@oclif/core';
import { type Column, layOut } from '../cli/terminal/listing.ts';
import { writeOut } from '../cli/write-out.ts';
import type { Parts } from '../inventory/operator-data.ts';
import { printable } from '../printable.ts';
import { type CsvValue, csvLine } from './csv.ts';
import { OperatorCommand } from './operator-command.ts';

/** A table for people has no more rows: it is laid out as a whole. */
const MAX_SHOWN_ROWS = 100_000;

/** How the rows of one list are printed. */
export interface ListKind<Row> {
  /** The field of the JSON object that the list is. */
  readonly name: string;
  readonly json: (row: Row) => object;
  readonly csvHeader: readonly string[];
  /** One row of the list may be several lines. */
  readonly csvRows: (row: Row) => readonly (readonly CsvValue[])[];
  readonly columns: readonly Column<Row>[];
  /** What is said when there is no row. */
  readonly empty: string;
  /** What the JSON object has beside the list. */
  readonly fields?: object;
}

export abstract class ListCommand extends OperatorCommand {
  static override baseFlags = {
    ...OperatorCommand.baseFlags,
    csv: Flags.boolean({
      summary: 'print CSV; a text that begins with = + - or @ gets an apostrophe before it',
      exclusive: ['json'],
    }),
  };

  /** Prints the list as the command line asks for it. */
  protected async printList<Row>(
    kind: ListKind<Row>,
    rows: Parts<Row>,
    { csv }: { readonly csv: boolean },
  ): Promise<void> {
    if (this.jsonEnabled()) await writeAll(jsonTexts(kind, rows));
    else if (csv) await writeAll(csvTexts(kind, rows));
    else await this.#showTable(kind, rows);
  }

  async #showTable<Row>({ columns, empty }: ListKind<Row>, parts: Parts<Row>): Promise<void> {
    const rows: Row[] = [];
    let isWhole = true;
    for await (const part of parts) {
      const room = MAX_SHOWN_ROWS - rows.length;
      for (const row of part.slice(0, room)) rows.push(row);
      isWhole = part.length <= room;
      if (!isWhole) break;
    }
    const caption = rows.length === 0 ? [empty] : isWhole ? [] : [SHORTENED];
    const shown = columns.map((column) => printableColumn(column));
    await this.show((look) => layOut(shown, rows, look, caption));
  }
}

/** Names, reasons and refusals are whatever catalogues, operators and customers wrote. */
function printableColumn<Row>(column: Column<Row>): Column<Row> {
  return { ...column, text: (row) => printable(column.text(row)) };
}

const SHORTENED = `The first ${MAX_SHOWN_ROWS} only: --csv and --json print all.`;

/** A list that is there already, as parts. */
export async function* inParts<Row>(rows: readonly Row[]): Parts<Row> {
  if (rows.length > 0) yield rows;
}

/** One document, which is valid as soon as it is whole; nothing of it is there when the first part fails. */
async function* jsonTexts<Row>({ name, json, fields = {} }: ListKind<Row>, parts: Parts<Row>) {
  // Behind the last of the other fields.
  const open = JSON.stringify({ ...fields, [name]: [] }).slice(0, -2);
  let before = open;
  for await (const part of parts) {
    yield before + part.map((row) => JSON.stringify(json(row))).join();
    before = ',';
  }
  yield `${before === open ? open : ''}]}\n`;
}

async function* csvTexts<Row>({ csvHeader, csvRows }: ListKind<Row>, parts: Parts<Row>) {
  let before = csvLine(csvHeader);
  for await (const part of parts) {
    const lines = part.flatMap((row) => csvRows(row).map(csvLine));
    if (before !== '' || lines.length > 0) yield before + lines.join('');
    before = '';
  }
  if (before !== '') yield before;
}

/** Each piece after stdout took the one before; no more are made when nobody reads them. */
async function writeAll(texts: AsyncIterable<string>): Promise<void> {
  for await (const text of texts) if (!(await writeOut(text))) return;
}
