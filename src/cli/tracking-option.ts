import type { Command } from 'commander';
import { InvalidArgumentError } from '../common/index.js';
import type { TrackerOptions } from '../tracker/index.js';
import { LARGEST_SEARCH_BUDGET } from '../tracker/names.js';

/** What {@link addTrackingOptions} gives a command. */
export interface TrackingOptions {
  readonly memory: boolean;
  readonly extent: boolean;
  /** Default: the tracker's. */
  readonly searchBudget?: number;
}

/** The options of commands that let the user choose how a target is followed. */
export function addTrackingOptions(command: Command): Command {
  return command
    .option('--no-memory', 'learn nothing of a target while following it')
    .option('--no-extent', 'give the boxes of the network, though the first was drawn larger or smaller')
    .option(
      '--search-budget <count>',
      'regions looked at in each frame while a target is lost; 0 never looks for it (default 4)',
      budget,
    );
}

/** What of a command's options is the tracker's. */
export function trackerOptionsOf({ memory, extent, searchBudget }: TrackingOptions): TrackerOptions {
  return { memory, extent, searchBudget };
}

function budget(text: string): number {
  const regions = Number(text);
  if (!/^\d+$/.test(text) || regions > LARGEST_SEARCH_BUDGET)
    throw new InvalidArgumentError('--search-budget', `a whole number, 0 to ${LARGEST_SEARCH_BUDGET}`, text);
  return regions;
}
