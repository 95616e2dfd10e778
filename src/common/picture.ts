/**
 * One picture in planar YCbCr 4:2:0 (I420). Chroma planes measure `ceil(width / 2) x ceil(height / 2)`; rows are
 * packed without padding, so the three planes are `width * height`, `cw * ch` and `cw * ch` bytes.
 */
export interface I420Picture {
  readonly width: number;
  readonly height: number;
  readonly y: Uint8Array;
  readonly u: Uint8Array;
  readonly v: Uint8Array;
  /** `limited`: Y in 16..235, chroma in 16..240 (most video); `full`: 0..255 (JPEG). */
  readonly range: 'limited' | 'full';
  /** Which YCbCr to RGB coefficients apply (ITU-R BT.601, BT.709 or BT.2020 non-constant luminance). */
  readonly matrix: 'bt601' | 'bt709' | 'bt2020';
}
