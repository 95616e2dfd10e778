import type { Sequence } from '../datasets/index.js';
import { type Frame, openSource } from '../ingest/index.js';

/** Frames of a source, opened when the first is asked for and closed after the last. */
export async function* framesOf({ source, skip }: Sequence): AsyncGenerator<Frame> {
  const opened = await openSource(source, { start: { frame: skip } });
  try {
    yield* opened;
  } finally {
    await opened.close();
  }
}
