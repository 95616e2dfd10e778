// `npm run fixtures [NAME...]`: draws the clips of the catalogue (all of them by default) and says where they are.
// `--committed` redraws the ones the repository carries, into fixtures/clips.
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { root } from './lib.mjs';
import { buildTools, prepare } from './setup.mjs';

prepare();
buildTools();
const { committedFolder, ensureFixture, FIXTURES } = await import(
  pathToFileURL(join(root, '.cache/tools/fixtures/index.js')).href
);
const names = process.argv.slice(2).filter((name) => !name.startsWith('-'));
if (process.argv.includes('--committed')) {
  const { generateClip } = await import(pathToFileURL(join(root, '.cache/tools/fixtures/generate.js')).href);
  const { SCENES } = await import(pathToFileURL(join(root, '.cache/tools/fixtures/scenes.js')).href);
  for (const fixture of FIXTURES.filter(({ committed }) => committed)) {
    rmSync(committedFolder(fixture.name), { recursive: true, force: true });
    await generateClip(
      SCENES.find(({ name }) => name === fixture.name),
      committedFolder(fixture.name),
    );
  }
}
for (const fixture of FIXTURES) {
  if (names.length > 0 && !names.includes(fixture.name)) continue;
  const begun = performance.now();
  const clip = await ensureFixture(fixture.name);
  const seconds = ((performance.now() - begun) / 1000).toFixed(1);
  process.stdout.write(
    `${fixture.name.padEnd(10)} ${seconds} s  ${clip.video}\n           ${fixture.purpose}\n`,
  );
}
