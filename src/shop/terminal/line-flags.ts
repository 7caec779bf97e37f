/** The options that name items and how many of each. */
import { Args, Flags } from '@oclif/core';

export const LINE_FLAGS = {
  upc: Flags.string({
    summary: 'item number; repeat --upc and --qty for more items',
    helpValue: 'UPC',
    required: true,
    multiple: true,
    multipleNonGreedy: true,
  }),
  qty: Flags.string({
    summary: 'how many units; the first --qty is for the first --upc, and so on',
    helpValue: 'UNITS',
    required: true,
    multiple: true,
    multipleNonGreedy: true,
  }),
};

/** Chooses some of the items of a list. */
export const ITEMS_FLAG = {
  upc: Flags.string({
    summary: 'only this item; repeat --upc for more items',
    helpValue: 'UPC',
    multiple: true,
    multipleNonGreedy: true,
  }),
};

export const ORDER_FLAG = {
  order: Flags.string({
    summary: 'an id of your own: 1 to 64 printable characters without spaces',
    helpValue: 'ID',
  }),
};

export const FOR_FLAG = {
  for: Flags.string({
    summary: 'how long: 90s, 10m, 2h, or seconds; the server says how long is too long',
    helpValue: 'TIME',
    required: true,
  }),
};

/** The hold that a command is about. */
export const HOLD_ARGUMENT = {
  order: Args.string({ description: 'the order id of the hold', required: true }),
};
