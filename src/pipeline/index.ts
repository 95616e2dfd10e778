export { type Followed, type FollowOptions, follow, type Sink, type TargetStart } from './follow.js';
export { parseStart, type Start, StartNotReachedError } from './start.js';
