import type { Graph } from '../../onnx/index.js';
import { quantisedValues, type Range } from './quantise.js';
import { type GraphInputs, watchValues } from './watch.js';

/** Share of an activation's values that its range leaves out at each end: rare extremes cost everyone resolution. */
const LEFT_OUT = 1e-4;

/** Values kept of each activation of each input: enough for the ends of the distribution. */
const SAMPLES = 4096;

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
  const kept = new Map<string, number[]>(names.map((n) => [n, []]));
  const keep = (name: string, data: Float32Array) => {
    const list = kept.get(name) as number[];
    // A stride prime to every row length visits all rows and columns.
    const step = Math.max(1, Math.floor(data.length / SAMPLES)) | 1;
    for (let i = 0; i < data.length; i += step) list.push(data[i]);
  };
  await watchValues(graph, names, inputs, (values) => {
    for (const name of names) keep(name, values[name].data);
  });
  return new Map([...kept].map(([name, list]) => [name, rangeOf(Float32Array.from(list))]));
}

function rangeOf(values: Float32Array): Range {
  values.sort();
  const at = (share: number) => values[Math.min(values.length - 1, Math.floor(share * values.length))];
  return { low: at(LEFT_OUT), high: at(1 - LEFT_OUT) };
}
