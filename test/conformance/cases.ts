import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import {
  type OnnxModel,
  type OnnxNode,
  type OnnxTensor,
  parseOnnxModel,
  parseOnnxTensor,
} from '../../src/compiler/onnx/onnx-model.js';

/** A node test of the ONNX project: what a model makes of given inputs. */
export interface ConformanceCase {
  name: string;
  model(): OnnxModel;
  inputs(): OnnxTensor[];
  outputs(): OnnxTensor[];
}

interface Line {
  name: string;
  model: string;
  inputs: string[];
  outputs: string[];
}

const bytesOf = (text: string): Uint8Array => Buffer.from(text, 'base64');
const tensorsOf = (list: readonly string[]) => list.map((text) => parseOnnxTensor(bytesOf(text)));

/** All that `pack.py` packed, by name. */
export const conformanceCases: readonly ConformanceCase[] = gunzipSync(
  readFileSync(new URL('cases.jsonl.gz', import.meta.url)),
)
  .toString()
  .split('\n')
  .map((text) => JSON.parse(text) as Line)
  .map(({ name, model, inputs, outputs }) => ({
    name,
    model: () => parseOnnxModel(bytesOf(model), `${name}.onnx`),
    inputs: () => tensorsOf(inputs),
    outputs: () => tensorsOf(outputs),
  }));

/** The operators that a model needs, in its branches too. */
export function operatorsOf({ nodes }: Pick<OnnxModel, 'nodes'>): Set<string> {
  const found = new Set<string>();
  const visit = ({ opType, attributes }: OnnxNode) => {
    found.add(opType);
    for (const attribute of attributes.values()) {
      if (attribute.kind === 'graph') attribute.value.nodes.forEach(visit);
    }
  };
  nodes.forEach(visit);
  return found;
}
