import { z } from 'zod';
import { LARGEST_SEARCH_BUDGET } from './names.js';

/** How targets are followed, as configurations and jobs say it; see `TrackerOptions`. */
export const TrackingConfig = z.strictObject({
  memory: z
    .boolean()
    .default(true)
    .describe('Learn while following what tells a target from what is around it.'),
  extent: z
    .boolean()
    .default(true)
    .describe('Report what was pointed at, where the network takes it to be larger or smaller.'),
  searchBudget: z
    .int()
    .min(0)
    .max(LARGEST_SEARCH_BUDGET)
    .default(4)
    .describe('Regions looked at in each frame while a target is lost; 0 never looks for it.'),
});
export type TrackingConfig = z.infer<typeof TrackingConfig>;
