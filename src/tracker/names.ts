/** Most search regions that may be asked for in each frame: more would take seconds. */
export const LARGEST_SEARCH_BUDGET = 64;
