import { IngestError } from './errors.js';
import type { Frame } from './frame.js';

/** What a source brings to be iterated. */
export interface Iterable {
  /** For messages. */
  readonly name: string;
  /** The next frame, or `undefined` at the end. */
  readonly next: () => Promise<Frame | undefined>;
  readonly close: () => Promise<void>;
}

/** Makes the one iterator that a source has: a second throws `SOURCE_BUSY`, leaving it or failing closes the source. */
export function iterateOnce(source: Iterable): () => AsyncIterator<Frame, undefined> {
  let iterated = false;
  return () => {
    if (iterated) {
      throw new IngestError('SOURCE_BUSY', `${source.name}: a source is iterated once; open it again`);
    }
    iterated = true;
    return {
      next: async () => {
        try {
          const value = await source.next();
          return value ? { done: false, value } : { done: true, value: undefined };
        } catch (error) {
          // A for-await loop does not call return() on an iterator that throws.
          await source.close();
          throw error;
        }
      },
      return: async () => {
        await source.close();
        return { done: true, value: undefined };
      },
    };
  };
}
