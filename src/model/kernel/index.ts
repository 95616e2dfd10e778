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

/** The little of the WebAssembly API that is used; the library the compiler is given here has none of it. */
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object) => { readonly exports: KernelExports };
};

interface KernelExports {
  readonly memory: { readonly buffer: ArrayBuffer; grow(pages: number): number };
  readonly crop: CropFunction;
}

const PAGE = 65536;
const { exports } = new WebAssembly.Instance(new WebAssembly.Module(Buffer.from(CROP_WASM, 'base64')));
const { memory } = exports;

/** The crop kernel. Its memory is scratch: nothing in it outlives one crop. */
export const cropKernel = exports.crop;

let views = viewsOf(memory.buffer);

function viewsOf(buffer: ArrayBuffer) {
  return { bytes: new Uint8Array(buffer), ints: new Int32Array(buffer), floats: new Float32Array(buffer) };
}

/** Views of the kernel's memory, of at least `bytes`; valid until the next call. */
export function kernelMemory(bytes: number): typeof views {
  if (views.bytes.length < bytes) {
    memory.grow(Math.ceil((bytes - views.bytes.length) / PAGE));
    views = viewsOf(memory.buffer);
  }
  return views;
}
