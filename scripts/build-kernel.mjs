// Assembles src/model/kernel/crop.wat into src/model/kernel/crop-wasm.ts. Run after changing the former:
//   node scripts/build-kernel.mjs
import { readFileSync, writeFileSync } from 'node:fs';
import wabt from 'wabt';

const folder = new URL('../src/model/kernel/', import.meta.url);
const tools = await wabt();
const module = tools.parseWat('crop.wat', readFileSync(new URL('crop.wat', folder), 'utf8'), { simd: true });
const { buffer } = module.toBinary({});
const lines = Buffer.from(buffer)
  .toString('base64')
  .match(/.{1,96}/g);
writeFileSync(
  new URL('crop-wasm.ts', folder),
  `/** crop.wat, assembled by \`node scripts/build-kernel.mjs\`; base64. */\nexport const CROP_WASM =\n${lines.map((l) => `  '${l}'`).join(' +\n')};\n`,
);
