import type { OnnxModel, OnnxNode } from './onnx-model.js';

const SEE = 'see docs/EXPORTING.md';

/** What looks as if the exporter had removed layers that matter in training. */
export function normalizationWarnings(model: OnnxModel): string[] {
  return [...foldedNorms(model), ...lostDropout(model)];
}

/** Layer names under which batch normalisation is usually found: bn1, batch_norm, features.norm0. */
const NORM_NAME = /(^|[._/])(bn|batch_?norm|norm)\d*($|[._/])/i;

const NORM_OPERATORS = /Normalization$/;

/**
 * Layers that carry the traces of a batch norm: the names PyTorch's exporters give to what they merge, or in a model
 * without normalisation a name that speaks of one.
 */
function foldedNorms({ nodes, initializers }: OnnxModel): string[] {
  const layers = nodes.filter(({ opType }) => /^(Conv|ConvTranspose|Gemm)$/.test(opType));
  if (layers.length === 0) return [];
  const names = [...initializers.keys(), ...nodes.flatMap((node) => [node.name, ...node.outputs])];
  const hasNorms = nodes.some(({ opType }) => NORM_OPERATORS.test(opType));
  const spoken = hasNorms ? undefined : names.find((name) => NORM_NAME.test(name));
  const evidence = layers.flatMap(traceOf)[0] ?? spoken;
  if (evidence === undefined) return [];
  return [
    `the name "${evidence}" speaks of a normalisation that the model does not have: the exporter seems to have folded it ` +
      `into the layer before, so another network would be trained; export with optcmp_export, or with optimize=False (${SEE})`,
  ];
}

/** The name that a layer into which batch norm was folded shows it by. */
function traceOf({
  inputs: [, weight = '', bias = ''],
  outputs: [output = ''],
}: OnnxNode): string[] {
  // The newer exporter takes the first of batch norm's outputs, and makes a bias where the layer had none.
  if (/^getitem(_\d+)?$/.test(output)) return [output];
  if (bias === `${weight}_bias`) return [bias];
  // The older one numbers weights that are not the module's own; those of linear layers may just be transposed.
  return /^onnx::Conv/.test(weight) ? [weight] : [];
}

function lostDropout({ nodes }: OnnxModel): string[] {
  if (nodes.some(({ opType }) => opType === 'Dropout')) return [];
  const named = nodes
    .flatMap((node) => [node.name, ...node.outputs])
    .find((name) => /(^|[._/])drop(out)?\d*($|[._/])/i.test(name));
  if (named === undefined) return [];
  return [
    `the model has no dropout, but the name "${named}" speaks of one: export in training mode with optcmp_export (${SEE})`,
  ];
}
