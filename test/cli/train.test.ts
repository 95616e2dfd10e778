import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { registerTrain } from '../../src/cli/train.js';
import { packageRoot } from '../../src/common/index.js';
import { readTrainConfig } from '../../src/train/index.js';
import { makeClips, TINY } from '../train/recipe.js';
import { describeTensorFlow } from '../train/tensorflow.js';
import { refusal, siamtrack } from './run.js';

describe('siamtrack train', () => {
  it('shows by --help how to fine-tune and how to follow a recipe', async () => {
    const { stdout, status } = await siamtrack(['train', '--help']);
    expect(status).toBe(0);
    expect(stdout).toContain('siamtrack train --from default --clips');
    expect(stdout).toContain('siamtrack train --config');
  });

  it('exits with 2 where it is not told what to train', async () => {
    const { message, status } = await refusal(registerTrain, ['train']);
    expect(status).toBe(2);
    expect(message).toContain('INVALID_ARGUMENT');
  });

  it('names every wrong field of a recipe', async () => {
    const file = join(await mkdtemp(join(tmpdir(), 'siamtrack-recipe-')), 'recipe.yaml');
    await writeFile(
      file,
      'name: x\noutput: a\ncache: b\ndata: {}\nnetwork: { stages: [] }\noptimiser: { steps: -1 }\nspeed: 9\n',
    );
    const { message, status } = await refusal(registerTrain, ['train', '--config', file]);
    expect(status).toBe(1);
    for (const part of ['TRAIN_CONFIG', 'network.stages', 'optimiser.steps', 'speed'])
      expect(message).toContain(part);
  });

  it.each(['from-scratch', 'siamtrack-s'])(
    'the recipe %s of the shipped network is well-formed',
    async (name) => {
      process.env.SIAMTRACK_DATA ??= '/data';
      process.env.SIAMTRACK_PUBLISHED ??= '/published';
      const config = await readTrainConfig(join(packageRoot(), 'recipes', `${name}.yaml`));
      expect(config.name).toBe('siamtrack-s');
      const folder = join(process.env.SIAMTRACK_DATA, 'train/clips');
      expect(config.data.clips[0].folder).toBe(folder);
    },
  );

  it('the recipes of the experiments are well-formed, and differ in losses, teacher and head alone', async () => {
    process.env.SIAMTRACK_DATA ??= '/data';
    process.env.SIAMTRACK_PUBLISHED ??= '/published';
    const folder = join(packageRoot(), 'recipes/experiments');
    const files = (await readdir(folder)).filter((name) => name.endsWith('.yaml'));
    const shared = await Promise.all(
      files.map(async (file) => {
        const { name, output, network, losses, teacher, model, ...rest } = await readTrainConfig(
          join(folder, file),
        );
        expect(`${name}.yaml`).toBe(file);
        return { ...rest, stages: network.stages, embedding: network.embedding };
      }),
    );
    expect(shared.length).toBeGreaterThan(1);
    for (const other of shared) expect(other).toEqual(shared[0]);
  });
});

describeTensorFlow('siamtrack train on native TensorFlow', () => {
  it('trains by a recipe and writes a model folder that evaluates', async () => {
    const clips = await makeClips(2);
    const folder = await mkdtemp(join(tmpdir(), 'siamtrack-recipe-'));
    const around = { margin: 4, outside: 0.25 };
    const recipe = {
      name: 'tiny',
      output: 'out',
      cache: 'cache',
      data: { clips: [clips], clipsOneBased: true, validation: 0 },
      network: TINY,
      input: { template: 63, search: 127, templateMask: around, templateShade: around },
      pairs: { transplant: 1 },
      losses: { pick: 1 },
      optimiser: { batch: 2, steps: 4, warmUp: 1 },
      every: { log: 2, checkpoint: 2, validate: 4 },
      workers: 1,
    };
    // JSON is YAML.
    await writeFile(join(folder, 'recipe.yaml'), JSON.stringify(recipe));
    const trained = await siamtrack(['train', '--config', join(folder, 'recipe.yaml')]);
    expect(trained.stderr).toContain('step 4/4');
    expect(trained.status).toBe(0);
    const model = trained.stdout.trim();
    for (const file of ['model.json', 'encoder.onnx', 'encoder.int8.onnx', 'head.onnx', 'training.ckpt']) {
      expect(existsSync(join(model, file)), file).toBe(true);
    }
    const manifest = JSON.parse(await readFile(join(model, 'model.json'), 'utf8'));
    expect(manifest.input.templateShade).toEqual(around);
    expect(manifest.head.templateMask).toEqual(around);
    for (const precision of ['float32', 'int8']) {
      const chosen = ['--model', model, '--precision', precision, '--engine', 'onnx', '--sequences', 'clip0'];
      const evaluated = await siamtrack(['evaluate', clips, ...chosen, '--json']);
      expect(evaluated.status, evaluated.stderr).toBe(0);
      expect(JSON.parse(evaluated.stdout).model.precision).toBe(precision);
    }
  }, 180_000);

  it('fine-tunes the shipped model on clips', async () => {
    const clips = await makeClips(1);
    const out = await mkdtemp(join(tmpdir(), 'siamtrack-tuned-'));
    const tuned = await siamtrack([
      'train',
      '--from',
      'default',
      '--clips',
      clips,
      '--out',
      out,
      '--steps',
      '1',
    ]);
    expect(tuned.status, tuned.stderr).toBe(0);
    expect(tuned.stdout.trim()).toBe(join(out, 'model'));
    const manifestOf = async (folder: string) =>
      JSON.parse(await readFile(join(folder, 'model.json'), 'utf8'));
    const [shipped, own] = [join(packageRoot(), 'models/siamtrack-s'), join(out, 'model')];
    // It sees its templates as the model did.
    expect((await manifestOf(own)).input).toEqual((await manifestOf(shipped)).input);
    expect((await manifestOf(own)).head).toEqual((await manifestOf(shipped)).head);
  }, 180_000);
});
