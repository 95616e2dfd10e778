import type { Frame } from '../ingest/index.js';

/**
 * The same frames, asked for up to `depth` frames before they are needed, so that decoding goes on while a frame is worked on. Frames
 * that were asked for and not taken are released.
 */
export async function* ahead(frames: AsyncIterable<Frame>, depth: number): AsyncGenerator<Frame> {
  const iterator = frames[Symbol.asyncIterator]();
  const asked: Promise<IteratorResult<Frame>>[] = [];
  let last: Promise<unknown> = Promise.resolve();
  const ask = () => {
    const next = last.then(() => iterator.next());
    last = next.catch(() => undefined);
    asked.push(next);
  };
  let stopped = false;
  try {
    for (;;) {
      while (asked.length <= depth) ask();
      const next = await asked.shift()!;
      if (next.done) {
        stopped = true;
        return;
      }
      yield next.value;
    }
  } catch (error) {
    stopped = true;
    throw error;
  } finally {
    const rest = asked.map((next) =>
      next.then(
        (result) => void (result.done || result.value.release()),
        () => undefined,
      ),
    );
    if (!stopped) await Promise.all([iterator.return?.(), ...rest]);
    else await Promise.all(rest);
  }
}
