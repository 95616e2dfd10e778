import { ELEMENT, type Graph, type GraphValue } from './graph.js';
import { INT_ATTRIBUTE, INTS_ATTRIBUTE, schema } from './schema.js';

/** What wrote a file, as the file says. */
export const PRODUCER = 'siamtrack';

const modelType = schema.lookupType('Model');

/** Encodes a graph as an ONNX file (IR version 8, operator set 17). */
export function encodeOnnx(graph: Graph): Uint8Array {
  const value = ({ name, type = 'float32', dims }: GraphValue) => ({
    name,
    type: {
      tensorType: {
        elemType: ELEMENT[type],
        shape: dims && { dim: dims.map((d) => (typeof d === 'number' ? { dimValue: d } : { dimParam: d })) },
      },
    },
  });
  return modelType
    .encode({
      irVersion: 8,
      producerName: PRODUCER,
      opsetImport: [{ domain: '', version: 17 }],
      graph: {
        name: graph.name,
        node: graph.nodes.map((n) => ({
          name: n.outputs[0],
          opType: n.op,
          input: n.inputs,
          output: n.outputs,
          attribute: Object.entries(n.attributes ?? {}).map(([name, v]) =>
            typeof v === 'number'
              ? { name, type: INT_ATTRIBUTE, i: v }
              : { name, type: INTS_ATTRIBUTE, ints: v },
          ),
        })),
        initializer: [...graph.constants].map(([name, c]) => ({
          name,
          dims: c.dims,
          dataType: ELEMENT[c.type],
          rawData: new Uint8Array(c.data.buffer, c.data.byteOffset, c.data.byteLength),
        })),
        input: graph.inputs.map(value),
        output: graph.outputs.map(value),
      },
    })
    .finish();
}
