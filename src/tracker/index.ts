export { TargetGroup, TargetsFailedError } from './target-group.js';
export {
  type TargetState,
  Tracker,
  type TrackerOptions,
  TrackerStateError,
  type TrackResult,
} from './tracker.js';
