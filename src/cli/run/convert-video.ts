import { basename } from 'node:path';
import { InvalidArgumentError } from '../../common/index.js';
import type { FrameFacts, ResultSource } from '../../formats/exchange/index.js';
import { type BoxMessage, PreviewWriter } from '../../formats/index.js';
import { openSource } from '../../ingest/index.js';

/** What is said of a video, completed by what its container says. */
export async function addVideoFacts(
  facts: ResultSource,
  video: string,
  { fps }: { readonly fps?: number },
): Promise<ResultSource> {
  const source = await openSource(video, { fps });
  const { frameRate, frameCount, width, height, duration, codec } = source.info;
  await source.close();
  const rate = facts.frameRate ?? frameRate;
  return { name: basename(video), frameRate: rate, frameCount, width, height, duration, codec };
}

/** Index, pts and size of every frame of a video, by decoding it as `track` does. */
export async function* videoFrames(
  video: string,
  { fps }: { readonly fps?: number },
): AsyncGenerator<FrameFacts> {
  const source = await openSource(video, { fps });
  for await (const frame of source) {
    const { index, pts, width, height } = frame;
    frame.release();
    yield { index, pts, width, height };
  }
}

/**
 * Draws results into their video: every frame of it, with boxes where there is a message.
 *
 * @throws {InvalidArgumentError} where the frames are not the size the messages say, or end before them
 */
export async function drawVideo(
  messages: AsyncIterable<BoxMessage>,
  video: string,
  out: string,
  { fps }: { readonly fps?: number },
): Promise<void> {
  const source = await openSource(video, { fps });
  const iterator = messages[Symbol.asyncIterator]();
  try {
    const preview = await PreviewWriter.open(out, { fps: source.info.frameRate ?? 25 });
    try {
      let next = await iterator.next();
      for await (const frame of source) {
        try {
          const message: BoxMessage | undefined =
            !next.done && next.value.frame === frame.index ? next.value : undefined;
          if (message) requireSize(message, frame);
          await preview.write(frame, message?.targets ?? []);
          if (message) next = await iterator.next();
        } finally {
          frame.release();
        }
      }
      if (!next.done) {
        throw new InvalidArgumentError('--video', `a video that has frame ${next.value.frame}`, video);
      }
    } catch (error) {
      await preview.abort();
      throw error;
    }
    await preview.close();
  } finally {
    await iterator.return?.();
    await source.close();
  }
}

function requireSize({ frame, size }: BoxMessage, { width, height }: FrameFacts): void {
  if (size.width === width && size.height === height) return;
  const expected = `a video of ${size.width}x${size.height} at frame ${frame}, as the results say`;
  throw new InvalidArgumentError('--video', expected, `${width}x${height}`);
}
