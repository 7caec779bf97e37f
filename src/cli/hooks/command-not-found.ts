import type { Hook } from '@oclif/core';
import { unknownCommand } from '../unknown-command.ts';

/** oclif calls this when no command has the name that was typed. */
const commandNotFound: Hook.CommandNotFound = async ({ id, config, argv }) => {
  throw unknownCommand(id, config, argv);
};

export default commandNotFound;
