import type { z } from 'zod';
import type { Limits, SubscribeCommand } from '../protocol/index.js';
import { Pace } from './token-bucket.js';

/** What one client wants of one stream. */
export interface Subscription {
  /** Ids, or undefined for all. */
  readonly targets: ReadonlySet<string> | undefined;
  /** The same as text, for what is shared between clients that want the same. */
  readonly key: string;
  readonly pace: Pace | undefined;
  readonly preview: { readonly width: number; readonly pace: Pace } | undefined;
}

type Wish = Omit<z.output<typeof SubscribeCommand>, 'type' | 'id'>;

/** What one client has subscribed to. */
export class Subscriptions {
  readonly #limits: Pick<Limits, 'previewWidth' | 'previewRate'>;
  readonly #named = new Map<string, Subscription | null>();
  #all: Wish | undefined;

  constructor(limits: Pick<Limits, 'previewWidth' | 'previewRate'>) {
    this.#limits = limits;
  }

  /** What is wanted of a stream, if anything. */
  of(stream: string): Subscription | undefined {
    let found = this.#named.get(stream);
    if (found === undefined && this.#all) {
      // Each stream has its own pace.
      found = this.#make(this.#all);
      this.#named.set(stream, found);
    }
    return found ?? undefined;
  }

  subscribe(wish: Wish): void {
    if (wish.streams === '*') {
      this.#named.clear();
      this.#all = wish;
    } else for (const stream of wish.streams) this.#named.set(stream, this.#make(wish));
  }

  unsubscribe(streams: '*' | readonly string[]): void {
    if (streams === '*') {
      this.#named.clear();
      this.#all = undefined;
    } else for (const stream of streams) this.#named.set(stream, null);
  }

  /** A stream has gone: one of that name that comes later is another. */
  removed(stream: string): void {
    if (this.#named.get(stream)) this.#named.delete(stream);
  }

  #make({ targets, maxRate, preview }: Wish): Subscription {
    const { previewWidth, previewRate } = this.#limits;
    const ids = targets === '*' ? undefined : new Set(targets);
    return {
      targets: ids,
      key: ids ? JSON.stringify([...ids].sort()) : '*',
      pace: maxRate === undefined ? undefined : new Pace(maxRate),
      preview: preview && {
        width: Math.min(preview.width, previewWidth),
        pace: new Pace(Math.min(preview.rate, previewRate)),
      },
    };
  }
}
