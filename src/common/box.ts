/**
 * A box: `[x, y, width, height]` in float pixels of the decoded, upright frame; `x, y` is the top-left corner and
 * the frame's own top-left corner is `0, 0` (pixel k covers `[k, k + 1)`).
 */
export type Box = readonly [x: number, y: number, width: number, height: number];

/** Intersection over union of two boxes, 0..1; 0 where either has no area. */
export function iou(a: Box, b: Box): number {
  const w = Math.min(a[0] + a[2], b[0] + b[2]) - Math.max(a[0], b[0]);
  const h = Math.min(a[1] + a[3], b[1] + b[3]) - Math.max(a[1], b[1]);
  if (!(w > 0 && h > 0)) return 0;
  const inter = w * h;
  return inter / (a[2] * a[3] + b[2] * b[3] - inter);
}
