/** What the tables have in common: their columns, times, and the colour of a stock. */
import chalk from 'chalk';
import { type Column, type Listing, layOut } from '../../cli/terminal/listing.ts';
import type { Look } from '../../cli/terminal/look.ts';
import { upcText } from '../format-lines.ts';

/** At or below this, an item is worth a warning: a few buyers at once empty it. */
export const LOW_STOCK_UNITS = 10;

export function stockColour(available: number): (text: string) => string {
  if (available === 0) return chalk.red;
  return available <= LOW_STOCK_UNITS ? chalk.yellow : chalk.green;
}

/** `2026-11-22T14:28:03.123Z` */
export function time(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}

/** `2026-11-22T14:28:03Z`: what a column of times needs. */
export function second(milliseconds: number): string {
  return time(milliseconds).replace(/\.\d+Z$/, 'Z');
}

export const UPC: Column<{ readonly upc: number; readonly code?: string | undefined }> = {
  title: 'UPC',
  align: 'right',
  fit: 'whole',
  text: upcText,
};

export function name<Row>(of: (row: Row) => string): Column<Row> {
  return { title: 'Item', align: 'left', fit: 'cut', text: of };
}

export function count<Row>(title: string, of: (row: Row) => number): Column<Row> {
  return { title, align: 'right', fit: 'whole', text: (row) => String(of(row)) };
}

/** A list of nothing, as a sentence. */
export function sentence(text: string, look: Look): Promise<Listing> {
  return layOut([], [], look, [text]);
}
