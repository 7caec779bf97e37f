/** The options with which an operator bounds holds. */
import { Flags } from '@oclif/core';
import {
  DEFAULT_MAX_HOLD,
  DEFAULT_MAX_HOLDS,
  GREATEST_MAX_HOLD,
} from '../inventory/user-limits.ts';

export const HOLD_FLAGS = {
  'max-hold': Flags.integer({
    description: 'how many seconds a HOLD keeps units for its user, at most; 0 for no holds',
    helpValue: 'SECONDS',
    default: DEFAULT_MAX_HOLD,
    env: 'INV_MAX_HOLD',
    min: 0,
    max: GREATEST_MAX_HOLD,
  }),
  'max-holds': Flags.integer({
    description: 'how many live holds one user has at once, at most',
    helpValue: 'N',
    default: DEFAULT_MAX_HOLDS,
    env: 'INV_MAX_HOLDS',
    min: 1,
  }),
};
