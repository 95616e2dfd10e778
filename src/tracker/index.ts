export { TargetGroup, type TargetGroupSnapshot, TargetsFailedError } from './target-group.js';
export {
  type TargetState,
  Tracker,
  type TrackerOptions,
  type TrackerSnapshot,
  TrackerStateError,
  type TrackResult,
} from './tracker.js';
