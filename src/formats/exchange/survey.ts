import type { BoxMessage } from '../box-message.js';
import type { ResultSource } from './result-format.js';

/** What is known of one target once all messages were seen. */
export interface SurveyedTarget {
  readonly id: string;
  /** A positive integer for formats whose ids are numbers, see {@link survey}. */
  readonly number: number;
  /** What kind of thing it is, for formats that group targets: its label, else its id, or `object` where that is only a number. */
  readonly category: string;
}

/** What is known of results once all messages were seen. */
export interface Survey {
  /** In order of first appearance. */
  readonly targets: ReadonlyMap<string, SurveyedTarget>;
  /** Each category once, in order of first appearance. */
  readonly categories: readonly string[];
  /** The source's frames, or up to the last message where those are more. */
  readonly frameCount: number;
  /** Frames up to the last message, that one included. */
  readonly messageFrames: number;
  /** Frames per second: the source's, else what the messages' pts average to, else 25. */
  readonly frameRate: number;
  /** Seconds: the source's, else frames divided by rate. */
  readonly duration: number;
  /** Upright size in pixels: the source's, else the first message's, else 1 x 1. */
  readonly width: number;
  readonly height: number;
}

/**
 * Reads all messages once. Ids that all are positive integers of at most nine digits stay what they are as numbers; otherwise
 * targets are numbered from 1 in order of first appearance.
 */
export async function survey(messages: AsyncIterable<BoxMessage>, source: ResultSource): Promise<Survey> {
  const labels = new Map<string, string | undefined>();
  let first: BoxMessage | undefined;
  let last: BoxMessage | undefined;
  for await (const message of messages) {
    first ??= message;
    last = message;
    for (const { id, label } of message.targets) if (!labels.get(id)) labels.set(id, label);
  }
  const numeric = [...labels.keys()].every((id) => /^[1-9]\d{0,8}$/.test(id));
  const targets = new Map(
    [...labels].map(([id, label], k) => {
      const category = label ?? (/^\d+$/.test(id) ? 'object' : id);
      return [id, { id, number: numeric ? Number(id) : k + 1, category }];
    }),
  );
  const messageFrames = (last?.frame ?? -1) + 1;
  const frameCount = Math.max(source.frameCount ?? 0, messageFrames);
  const frameRate = source.frameRate ?? averageRate(first, last) ?? 25;
  return {
    targets,
    categories: [...new Set([...targets.values()].map(({ category }) => category))],
    frameCount,
    messageFrames,
    frameRate,
    duration: source.duration ?? frameCount / frameRate,
    width: source.width ?? first?.size.width ?? 1,
    height: source.height ?? first?.size.height ?? 1,
  };
}

function averageRate(first: BoxMessage | undefined, last: BoxMessage | undefined): number | undefined {
  if (!first || !last || !(last.pts > first.pts)) return undefined;
  return (last.frame - first.frame) / (last.pts - first.pts);
}
