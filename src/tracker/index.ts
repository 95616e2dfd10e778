export { believe, type Evidence } from './belief.js';
export type { TargetState } from './presence.js';
export { TargetGroup, type TargetGroupSnapshot, TargetsFailedError } from './target-group.js';
export {
  Tracker,
  type TrackerOptions,
  TrackerStateError,
  type TrackResult,
} from './tracker.js';
export type { TrackerSnapshot } from './tracker-snapshot.js';
export { TrackingConfig } from './tracking-config.js';
