/** Crops that a call of `count` makes room for: the next power of two, or `largest` where that is less. */
export function paddedBatch(count: number, largest: number): number {
  return Math.max(count, Math.min(2 ** Math.ceil(Math.log2(count)), largest));
}
