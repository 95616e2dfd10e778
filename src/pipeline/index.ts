export { ahead } from './ahead.js';
export { type Followed, type FollowOptions, follow, type Sink, type TargetStart } from './follow.js';
export { hasStarted, parseStart, type Start, StartNotReachedError } from './start.js';
