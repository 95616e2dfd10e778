import { SiamtrackError } from '../common/index.js';
import { type Checkpoint, CheckpointError } from './checkpoint.js';
import { shapeOf } from './export.js';
import { parametersOf } from './network.js';
import { type ConvLayer, cellsOf, layersOf, type NetworkSpec, type Stage } from './network-spec.js';
import { Random } from './random.js';

/** A checkpoint of another network than the recipe's. Code `TRAIN_NETWORK`. */
export class NetworkMismatchError extends SiamtrackError {
  /**
   * @param field what differs, as the recipe calls it
   * @param expected what the checkpoint has
   * @param got what the recipe has
   */
  constructor(field: string, expected: string, got: string) {
    super(
      'TRAIN_NETWORK',
      `${field}: expected ${expected}, as the weights to go on from have it, got ${got}`,
    );
  }
}

/** Arrays of a checkpoint that hold one value a weight. */
const FLAT = ['weights', 'average', 'first', 'second'];

/**
 * The weights of a network for a larger one that computes the same function (Net2Net; Chen 2016, 2.3): the larger one has the
 * smaller one's stages in their order, and residual stages between or behind them. A new stage starts as the identity, because the
 * scale of its last batch norm is 0 (Goyal 2017, 5.1) and what it is added to has passed a ReLU; its filters are drawn from `seed`
 * (He 2015). Weights, their average, Adam's moments and statistics of the others are carried over, as far as the checkpoint has them.
 *
 * @param template side of the recipe's template crops in pixels
 * @throws NetworkMismatchError where anything else differs
 */
export function grow(start: Checkpoint, network: NetworkSpec, template: number, seed: number): Checkpoint {
  const { old, cells, sourceOf } = compare(start, network, template);
  const layers = allLayers(network, cells);
  const parameters = layers.flatMap(parametersOf);
  const size = parameters.reduce((sum, p) => sum + p.size, 0);
  const places = new Map<string, number>();
  let end = 0;
  for (const { name, size } of allLayers(old, cells).flatMap(parametersOf)) {
    places.set(name, end);
    end += size;
  }
  for (const name of FLAT.filter((name) => name === 'average' || name in start.arrays)) {
    const count = start.arrays[name]?.length ?? 0;
    if (count === end) continue;
    const message = `${name}: expected ${end} weights for its network, got ${count}`;
    throw new CheckpointError('TRAIN_CHECKPOINT', message);
  }

  const arrays: Record<string, Float32Array> = {};
  for (const [name, values] of Object.entries(start.arrays)) {
    if (FLAT.includes(name)) arrays[name] = new Float32Array(size);
    // Statistics of the encoder move with their stages.
    else if (!name.startsWith('encoder.')) arrays[name] = values;
  }
  const random = new Random(seed);
  let at = 0;
  for (const { name, size, shape } of parameters) {
    const from = places.get(sourceOf(name) ?? '');
    const fresh = from === undefined ? freshValues(name, shape, size, random) : undefined;
    for (const key of FLAT.filter((key) => key in arrays)) {
      if (from !== undefined) arrays[key].set(start.arrays[key].subarray(from, from + size), at);
      else if (fresh && (key === 'weights' || key === 'average')) arrays[key].set(fresh, at);
    }
    at += size;
  }
  for (const { name, outChannels } of layers.filter(({ norm }) => norm)) {
    const source = sourceOf(name);
    arrays[`${name}.mean`] = source ? start.arrays[`${source}.mean`] : new Float32Array(outChannels);
    arrays[`${name}.variance`] = source
      ? start.arrays[`${source}.variance`]
      : new Float32Array(outChannels).fill(1);
  }
  return { header: { ...start.header, network }, arrays };
}

/**
 * Checks that a checkpoint is of this very network.
 *
 * @throws NetworkMismatchError where it is not
 */
export function requireSameNetwork(checkpoint: Checkpoint, network: NetworkSpec, template: number): void {
  const { old } = compare(checkpoint, network, template);
  const [expected, got] = [old, network].map(({ stages }) => `${stages.length} stages`);
  if (expected !== got) throw new NetworkMismatchError('network.stages', expected, got);
}

function compare(start: Checkpoint, network: NetworkSpec, template: number) {
  const { spec: old, templateCells } = shapeOf(start);
  const sourceOf = sources(old, network);
  const cells = cellsOf(network, template);
  if (cells === templateCells) return { old, cells, sourceOf };
  throw new NetworkMismatchError('input.template', `${templateCells} cells a side`, `${cells}`);
}

/** How a layer or parameter of the larger network is called in the smaller one; `undefined` where it is new. */
function sources(old: NetworkSpec, network: NetworkSpec): (name: string) => string | undefined {
  const field = (head: NetworkSpec['head'], name: 'channels' | 'depth') =>
    head === 'response' ? head : head[name];
  const pairs = [
    ['network.embedding', old.embedding, network.embedding],
    ['network.head.channels', field(old.head, 'channels'), field(network.head, 'channels')],
    ['network.head.depth', field(old.head, 'depth'), field(network.head, 'depth')],
  ] as const;
  for (const [field, expected, got] of pairs) {
    if (expected !== got) throw new NetworkMismatchError(field, String(expected), String(got));
  }
  const stages = alignStages(old.stages, network.stages);
  return (name) => {
    const match = /^encoder\.(\d+)(.*)$/.exec(name);
    if (!match) return name;
    const at = stages[Number(match[1])];
    return at === undefined ? undefined : `encoder.${at}${match[2]}`;
  };
}

/** Position of each stage among the old ones, `undefined` for a new one. The first stage that fits is taken: no later one fits better. */
function alignStages(old: readonly Stage[], stages: readonly Stage[]): (number | undefined)[] {
  let next = 0;
  const aligned = stages.map((stage, i) => {
    if (next < old.length && isSame(old[next], stage)) return next++;
    // Before the first convolution values may be negative, and a residual stage ends in a ReLU.
    if (stage.kind === 'residual' && next > 0) return undefined;
    const wanted = next < old.length ? JSON.stringify(old[next]) : 'no stage';
    const orNew = next > 0 ? ' or a new residual stage' : '';
    throw new NetworkMismatchError(`network.stages.${i}`, `${wanted}${orNew}`, JSON.stringify(stage));
  });
  if (next < old.length) {
    throw new NetworkMismatchError('network.stages', `${JSON.stringify(old[next])} too`, 'none');
  }
  return aligned;
}

function isSame(a: Stage, b: Stage): boolean {
  if (a.kind === 'residual') return b.kind === 'residual' && a.middle === b.middle;
  return b.kind === 'conv' && a.channels === b.channels && a.kernel === b.kernel && a.stride === b.stride;
}

function allLayers(network: NetworkSpec, templateCells: number): ConvLayer[] {
  const { encoder, head } = layersOf(network, templateCells);
  return [...encoder, ...head];
}

function freshValues(name: string, shape: readonly number[], size: number, random: Random): Float32Array {
  const values = new Float32Array(size);
  if (name.endsWith('.filter')) {
    const deviation = Math.sqrt(2 / (shape[0] * shape[1] * shape[2]));
    for (let i = 0; i < size; i++) values[i] = random.normal() * deviation;
  } else if (name.endsWith('.a.scale')) values.fill(1);
  return values;
}
