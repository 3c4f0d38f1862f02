import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const model = fileURLToPath(
  new URL('../../models/logistic-regression/model.onnx', import.meta.url),
);

/** Writes a study that takes a second to run, on made data, and its workload. Returns the study's path. */
export function writeSmallStudy(folder: string): string {
  writeFileSync(
    join(folder, 'small.workload.yaml'),
    `
name: small
model: ${model}
dataset: { name: synthetic, shape: [1, 28, 28], examples: 400, validation: 100, test: 100 }
loss: { kind: softmax_cross_entropy }
metrics: [classification_error, cross_entropy]
batchSize: 20
steps: 60
`,
  );
  const study = join(folder, 'small.yaml');
  writeFileSync(
    study,
    `
name: small
workloads: [small.workload.yaml]
trials: 4
budget: { steps: 60 }
evaluate_every: 20
optimizers:
  - optimizer: sgd
    space: { lr: { log: [1.0e-4, 1.0] } }
  - optimizer: adam
    space: { lr/epsilon: { log: [1.0e-4, 1.0] }, epsilon: { log: [1.0e-8, 1.0] }, 1-beta1: 0.1, 1-beta2: 0.001 }
`,
  );
  return study;
}
