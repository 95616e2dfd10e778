import { ensureBytes, instantiate, type WasmMemory } from '../../common/index.js';
import { GRAM_WASM } from './gram-wasm.js';

interface KernelExports {
  readonly memory: WasmMemory;
  /** Parameters as in gram.wat, `stride` and places in bytes. */
  readonly gram: (rows: number, columns: number, stride: number, z: number, out: number) => void;
}

const kernel = instantiate<KernelExports>(GRAM_WASM);

/** Columns that the kernel sums at once. */
const AT_ONCE = 16;

/**
 * Sums over a matrix's rows the products of every two of its columns.
 * @param fill writes the matrix: row k from `k * stride`
 * @returns of `z^T z` the lower triangle, row after row
 */
export function gram(
  rows: number,
  columns: number,
  fill: (z: Float32Array, stride: number) => void,
): Float32Array {
  const stride = AT_ONCE * Math.ceil(columns / AT_ONCE);
  const size = rows * stride;
  ensureBytes(kernel.memory, 4 * (size + columns * stride));
  const floats = new Float32Array(kernel.memory.buffer);
  fill(floats.subarray(0, size), stride);
  kernel.gram(rows, columns, 4 * stride, 0, 4 * size);
  const out = new Float32Array((columns * (columns + 1)) / 2);
  for (let i = 0, at = 0; i < columns; at += ++i) {
    const from = size + i * stride;
    out.set(floats.subarray(from, from + i + 1), at);
  }
  return out;
}
