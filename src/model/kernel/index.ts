import { ensureBytes, instantiate, type WasmMemory } from '../../common/index.js';
import { CROP_WASM } from './crop-wasm.js';

/** Parameters as in crop.wat. */
type CropFunction = (
  from: number,
  to: number,
  size: number,
  tables: number,
  yRow: number,
  uRow: number,
  vRow: number,
  y: number,
  u: number,
  v: number,
  yNext: number,
  cNext: number,
  yCount: number,
  cCount: number,
  luma: number,
  redV: number,
  greenU: number,
  greenV: number,
  blueU: number,
  red0: number,
  green0: number,
  blue0: number,
  redGain: number,
  redBias: number,
  greenGain: number,
  greenBias: number,
  blueGain: number,
  blueBias: number,
  red: number,
  green: number,
  blue: number,
) => void;

interface KernelExports {
  readonly memory: WasmMemory;
  readonly crop: CropFunction;
}

const { memory, crop } = instantiate<KernelExports>(CROP_WASM);

/** The crop kernel. Its memory is scratch: nothing in it outlives one crop. */
export const cropKernel = crop;

let views = viewsOf(memory.buffer);

function viewsOf(buffer: ArrayBuffer) {
  return { bytes: new Uint8Array(buffer), ints: new Int32Array(buffer), floats: new Float32Array(buffer) };
}

/** Views of the kernel's memory, of at least `bytes`; valid until the next call. */
export function kernelMemory(bytes: number): typeof views {
  if (ensureBytes(memory, bytes)) views = viewsOf(memory.buffer);
  return views;
}
