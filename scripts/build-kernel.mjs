// Assembles the kernels, each .wat beside its -wasm.ts. Run after changing one of the former:
//   node scripts/build-kernel.mjs
import { readFileSync, writeFileSync } from 'node:fs';
import wabt from 'wabt';

const tools = await wabt();
for (const kernel of ['model/kernel/crop', 'tracker/kernel/gram']) {
  const name = kernel.split('/').at(-1);
  const file = (ending) => new URL(`../src/${kernel}${ending}`, import.meta.url);
  const module = tools.parseWat(`${name}.wat`, readFileSync(file('.wat'), 'utf8'), { simd: true });
  const { buffer } = module.toBinary({});
  const lines = Buffer.from(buffer)
    .toString('base64')
    .match(/.{1,96}/g)
    .map((line) => `  '${line}'`);
  const value = lines.length > 1 ? `\n${lines.join(' +\n')}` : ` ${lines[0].trim()}`;
  writeFileSync(
    file('-wasm.ts'),
    `/** ${name}.wat, assembled by \`node scripts/build-kernel.mjs\`; base64. */\nexport const ${name.toUpperCase()}_WASM =${value};\n`,
  );
}
