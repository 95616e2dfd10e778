import type { BoxMessage } from '../box-message.js';
import { ResultFileError } from './error.js';

/**
 * Passes messages on as long as their frames rise and no target is in a frame twice, which every format needs.
 *
 * @param name what to call them in an error
 * @param signal ends the messages with its reason
 * @throws {ResultFileError} naming the frame
 */
export async function* ordered(
  name: string,
  messages: AsyncIterable<BoxMessage>,
  signal?: AbortSignal,
): AsyncGenerator<BoxMessage> {
  let last = -1;
  for await (const message of messages) {
    signal?.throwIfAborted();
    const { frame, targets } = message;
    if (frame <= last) {
      throw new ResultFileError(name, `a frame after ${last}, for frames rise`, `frame ${frame}`);
    }
    last = frame;
    const ids = new Set<string>();
    for (const { id } of targets) {
      if (ids.has(id))
        throw new ResultFileError(name, 'each target once a frame', `${id} twice in frame ${frame}`);
      ids.add(id);
    }
    yield message;
  }
}
