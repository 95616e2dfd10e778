import type { Box } from '../../common/index.js';
import { boxMessage } from '../../formats/index.js';
import type { HistoryEntry, TargetEventMessage, TargetInfo } from '../../stream/index.js';
import type { TrackResult } from '../../tracker/index.js';
import type { LiveTarget } from './target.js';

interface Standing {
  readonly id: string;
  readonly label: string | undefined;
  readonly box: Box;
  readonly score: number;
  readonly state: TrackResult['state'];
}

/** Rounds a target as a box message does. */
function rounded(target: Standing) {
  const nowhere = { index: 0, pts: 0, wallTime: 0, width: 1, height: 1 };
  return boxMessage('', nowhere, [target]).targets[0];
}

/** A target as it stands. */
export function infoOf(target: LiveTarget): TargetInfo {
  return { ...rounded(target), frame: target.frame };
}

/** One frame of a target that is being caught up. */
export function historyEntry(frame: { index: number; pts: number }, result: TrackResult): HistoryEntry {
  const { box, score, state } = rounded({ id: '-', label: undefined, ...result });
  return { frame: frame.index, pts: frame.pts, box, score, state };
}

export function targetEvent(
  stream: string,
  event: TargetEventMessage['event'],
  target: Standing,
  frame: { readonly index: number; readonly pts: number },
  extra: Partial<Pick<TargetEventMessage, 'history' | 'reason'>>,
): TargetEventMessage {
  const { id, ...rest } = rounded(target);
  const { index, pts } = frame;
  return {
    type: 'target',
    event,
    stream,
    target: id,
    frame: index,
    pts,
    time: Date.now(),
    ...rest,
    ...extra,
  };
}
