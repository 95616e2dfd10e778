import { InferenceSession, Tensor } from 'onnxruntime-node';
import { encodeOnnx, type Graph } from '../../onnx/index.js';
import { quantisedValues, type Range } from './quantise.js';

/** Share of an activation's values that its range leaves out at each end: rare extremes cost everyone resolution. */
const LEFT_OUT = 1e-4;

/** Values kept of each activation of each input: enough for the ends of the distribution. */
const SAMPLES = 4096;

/** What one call of a graph is given, by the names of its inputs. */
export type GraphInputs = Readonly<
  Record<string, { readonly data: Float32Array; readonly dims: readonly number[] }>
>;

/**
 * Ranges of the values that quantisation needs, from real inputs.
 * @param inputs one record of planar arrays and their dims a graph call
 */
export async function calibrate(
  graph: Graph,
  inputs: Iterable<GraphInputs>,
  inFloat: ReadonlySet<string> = new Set(),
): Promise<Map<string, Range>> {
  const names = quantisedValues(graph, inFloat);
  const given = new Set(graph.inputs.map((i) => i.name));
  const known = new Set(graph.outputs.map((o) => o.name));
  const watched = names.filter((n) => !given.has(n));
  const extra = watched.filter((n) => !known.has(n)).map((name) => ({ name }));
  const session = await InferenceSession.create(
    encodeOnnx({ ...graph, outputs: [...graph.outputs, ...extra] }),
  );
  const kept = new Map<string, number[]>(names.map((n) => [n, []]));
  const keep = (name: string, data: Float32Array) => {
    const list = kept.get(name) as number[];
    // A stride prime to every row length visits all rows and columns.
    const step = Math.max(1, Math.floor(data.length / SAMPLES)) | 1;
    for (let i = 0; i < data.length; i += step) list.push(data[i]);
  };
  for (const input of inputs) {
    const feeds = Object.fromEntries(
      Object.entries(input).map(([name, { data, dims }]) => [name, new Tensor('float32', data, dims)]),
    );
    const out = await session.run(feeds, watched);
    for (const name of names) keep(name, (given.has(name) ? feeds[name] : out[name]).data as Float32Array);
  }
  await session.release();
  return new Map([...kept].map(([name, list]) => [name, rangeOf(Float32Array.from(list))]));
}

function rangeOf(values: Float32Array): Range {
  values.sort();
  const at = (share: number) => values[Math.min(values.length - 1, Math.floor(share * values.length))];
  return { low: at(LEFT_OUT), high: at(1 - LEFT_OUT) };
}
