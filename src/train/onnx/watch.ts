import { InferenceSession, Tensor } from 'onnxruntime-node';
import { encodeOnnx, type Graph } from '../../onnx/index.js';

/** An array and its dims, planar. */
export interface GraphValue {
  readonly data: Float32Array;
  readonly dims: readonly number[];
}

/** What one call of a graph is given, by the names of its inputs. */
export type GraphInputs = Readonly<Record<string, GraphValue>>;

/**
 * Runs a graph on inputs and tells of values inside it.
 * @param names of the values: inputs, outputs, or between them
 * @param onValues told after each call
 */
export async function watchValues(
  graph: Graph,
  names: readonly string[],
  inputs: Iterable<GraphInputs>,
  onValues: (values: Readonly<Record<string, GraphValue>>) => void,
): Promise<void> {
  const given = new Set(graph.inputs.map(({ name }) => name));
  const known = new Set(graph.outputs.map(({ name }) => name));
  const watched = names.filter((name) => !given.has(name));
  const extra = watched.filter((name) => !known.has(name)).map((name) => ({ name }));
  const session = await InferenceSession.create(
    encodeOnnx({ ...graph, outputs: [...graph.outputs, ...extra] }),
  );
  try {
    for (const input of inputs) {
      const feeds = Object.fromEntries(
        Object.entries(input).map(([name, { data, dims }]) => [name, new Tensor('float32', data, dims)]),
      );
      const out = watched.length > 0 ? await session.run(feeds, watched) : {};
      const found = Object.entries(out).map(([name, { data, dims }]): [string, GraphValue] => [
        name,
        { data: data as Float32Array, dims },
      ]);
      onValues({ ...input, ...Object.fromEntries(found) });
    }
  } finally {
    await session.release();
  }
}
