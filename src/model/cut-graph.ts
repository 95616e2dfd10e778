import type { Constant, Graph, GraphNode } from '../onnx/index.js';

/** Inputs of a graph that cuts its crops itself; see `CutTables` for what they hold. */
export const CUT_INPUTS = {
  samples: 'cut.samples',
  places: 'cut.places',
  steps: 'cut.steps',
  shares: 'cut.shares',
  colours: 'cut.colours',
} as const;

/** Rows of `places`: which sample of a plane is the lower one of the two that an output lies between. */
export const PLACES = ['lumaX', 'lumaY', 'chromaX', 'chromaY'] as const;
/** Columns of `steps`: from a sample to its right and lower neighbours, and from the first chroma plane to each of the two. */
export const STEPS = ['lumaRight', 'lumaDown', 'chromaRight', 'chromaDown', 'toU', 'toV'] as const;
/** Rows of `shares`: weights of the upper samples, and how much of an output lies inside the picture. */
export const SHARES = ['lumaX', 'lumaY', 'chromaX', 'chromaY', 'insideX', 'insideY'] as const;
/** Columns of `colours`: an output channel is y Y + u U + v V + constant, within 0..255, times gain, plus bias; outside it is fill. */
export const COLOURS = ['y', 'u', 'v', 'constant', 'gain', 'bias', 'fill'] as const;

/**
 * The same encoder with samples of pictures as its input, from which it cuts, converts and normalises its crops: what `cropContext`
 * does, in operations that every runtime has on a GPU. A crop's samples go there as bytes, an eighth of what the crop takes.
 * @param input the encoder's own input, which the crops become
 */
export function withCuts(encoder: Graph, input: string): Graph {
  const cut = cutGraph(input);
  return {
    name: encoder.name,
    inputs: [
      { name: CUT_INPUTS.samples, type: 'uint8', dims: ['samples'] },
      { name: CUT_INPUTS.places, type: 'int32', dims: ['n', PLACES.length, 'side'] },
      { name: CUT_INPUTS.steps, type: 'int32', dims: ['n', STEPS.length] },
      { name: CUT_INPUTS.shares, dims: ['n', SHARES.length, 'side'] },
      { name: CUT_INPUTS.colours, dims: ['n', 3, COLOURS.length] },
    ],
    outputs: encoder.outputs,
    nodes: [...cut.nodes, ...encoder.nodes],
    constants: new Map([...cut.constants, ...encoder.constants]),
  };
}

function cutGraph(output: string): { nodes: GraphNode[]; constants: Map<string, Constant> } {
  const nodes: GraphNode[] = [];
  const constants = new Map<string, Constant>();
  const node = (
    op: string,
    inputs: string[],
    attributes?: GraphNode['attributes'],
    name?: string,
  ): string => {
    const out = name ?? `cut.${nodes.length}`;
    nodes.push({ op, inputs, outputs: [out], ...(attributes && { attributes }) });
    return out;
  };
  const numbers = (...values: number[]): string => {
    const name = `cut.axes.${values.join('.')}`;
    constants.set(name, { type: 'int64', dims: [values.length], data: BigInt64Array.from(values, BigInt) });
    return name;
  };
  const scalar = (value: number): string => {
    const name = `cut.value.${value}`;
    constants.set(name, { type: 'float32', dims: [], data: Float32Array.of(value) });
    return name;
  };
  const index = (value: number): string => {
    const name = `cut.index.${value}`;
    constants.set(name, { type: 'int64', dims: [], data: BigInt64Array.of(BigInt(value)) });
    return name;
  };
  /** One row or column of a table, with the axes of the result that it does not vary along. */
  const part = (table: string, axis: number, which: number, ...axes: number[]): string =>
    node('Unsqueeze', [node('Gather', [table, index(which)], { axis }), numbers(...axes)]);
  const across = [1, 2];
  const down = [1, 3];
  const place = (name: (typeof PLACES)[number], axes: number[]) =>
    part(CUT_INPUTS.places, 1, PLACES.indexOf(name), ...axes);
  const step = (name: (typeof STEPS)[number]) => part(CUT_INPUTS.steps, 1, STEPS.indexOf(name), 1, 2, 3);
  const share = (name: (typeof SHARES)[number], axes: number[]) =>
    part(CUT_INPUTS.shares, 1, SHARES.indexOf(name), ...axes);
  const colour = (name: (typeof COLOURS)[number]) => part(CUT_INPUTS.colours, 2, COLOURS.indexOf(name), 2, 3);

  const bytes = node('Cast', [CUT_INPUTS.samples], { to: 1 });
  const between = (low: string, high: string, weight: string) =>
    node('Add', [low, node('Mul', [node('Sub', [high, low]), weight])]);
  const sampled = (plane: 'luma' | 'chroma', first: string): string => {
    const right = step(`${plane}Right`);
    const lower = node('Add', [first, step(`${plane}Down`)]);
    const at = (places: string) => node('Gather', [bytes, places], { axis: 0 });
    const weight = share(`${plane}X`, across);
    const top = between(at(first), at(node('Add', [first, right])), weight);
    const bottom = between(at(lower), at(node('Add', [lower, right])), weight);
    return between(top, bottom, share(`${plane}Y`, down));
  };

  const y = sampled('luma', node('Add', [place('lumaY', down), place('lumaX', across)]));
  constants.set('cut.both', { type: 'int64', dims: [2], data: BigInt64Array.of(4n, 5n) });
  const planes = node('Unsqueeze', [
    node('Gather', [CUT_INPUTS.steps, 'cut.both'], { axis: 1 }),
    numbers(2, 3),
  ]);
  const first = node('Add', [place('chromaY', down), place('chromaX', across)]);
  const chroma = sampled('chroma', node('Add', [first, planes]));
  const u = node('Gather', [chroma, numbers(0)], { axis: 1 });
  const v = node('Gather', [chroma, numbers(1)], { axis: 1 });
  const sum = [
    node('Mul', [y, colour('y')]),
    node('Mul', [u, colour('u')]),
    node('Mul', [v, colour('v')]),
    colour('constant'),
  ].reduce((a, b) => node('Add', [a, b]));
  const rgb = node('Clip', [sum, scalar(0), scalar(255)]);
  const normal = node('Add', [node('Mul', [rgb, colour('gain')]), colour('bias')]);
  const inside = node('Mul', [share('insideX', across), share('insideY', down)]);
  node(
    'Add',
    [colour('fill'), node('Mul', [node('Sub', [normal, colour('fill')]), inside])],
    undefined,
    output,
  );
  return { nodes, constants };
}
