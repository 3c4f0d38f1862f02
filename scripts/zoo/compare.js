// node scripts/zoo/compare.js FOLDER [--float64]: trains the model that export.py or export_keras.py wrote there for one
// step without an update, and prints as JSON how far its loss and gradients are from those recorded beside it.
import { readFileSync } from 'node:fs';
import { compileModel } from '../../dist/compiler/index.js';
import { interpret } from '../../dist/compiler/interpret.js';
import { createTrainer } from '../../dist/engine/index.js';
import { compileRule, getOptimizer } from '../../dist/optimizers/index.js';
import { compileSchedule } from '../../dist/schedules/index.js';

const [folder, mode] = process.argv.slice(2);
const about = JSON.parse(readFileSync(`${folder}/reference.json`, 'utf8'));
const bytes = readFileSync(`${folder}/reference.bin`);
const numbers = new Float64Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 8);
const size = (shape) => shape.reduce((a, b) => a * b, 1);
const valuesOf = ({ shape, offset }) => numbers.subarray(offset, offset + size(shape));
const norm = (x) => Math.sqrt(x.reduce((sum, v) => sum + v * v, 0));

const isExact = mode === '--float64';

/** A gradient that is next to nothing counts by all of them. */
const NEGLIGIBLE = 1e-4;
/** Float32 may be this many times as far off as PyTorch's own, and is never asked to be nearer than FLOOR. */
const FACTOR = 20;
const FLOOR = 1e-4;
/** What float64 may be off: beyond it is another function. */
const EXACT = 1e-6;

try {
  const { train, evaluate } = compileModel(`${folder}/model.onnx`, {
    batchSize: about.labels.shape[0],
    loss: { kind: 'mean_squared_error' },
    initialization: 'model',
    ...(about.frozen.length > 0 && { frozen: about.frozen }),
    ...about.options,
  });
  const found = await (isExact ? byReferences(train) : byEngine(train, evaluate));
  console.log(JSON.stringify(compared(found)));
} catch (error) {
  console.log(JSON.stringify({ refused: String(error.message) }));
}

/** The inputs that the program still reads, in its order. */
function fedTo({ tensors }) {
  const names = tensors.filter(({ role }) => role === 'input').map(({ name }) => name);
  return names.map((name, k) => {
    const place = about.inputs.findIndex((input) => input.name === name);
    return {
      name,
      ...about.inputs[place >= 0 ? place : Number(/^input(\d+)$/.exec(name)?.[1] ?? k)],
    };
  });
}

async function byEngine(train, evaluate) {
  const inputs = fedTo(train).map((input) => {
    const kind = input.whole ? Int32Array : Float32Array;
    return { values: kind.from(valuesOf(input)), shape: input.shape.slice(1) };
  });
  const labels = {
    values: Float32Array.from(valuesOf(about.labels)),
    shape: about.labels.shape.slice(1),
  };
  const trainer = await createTrainer({
    train,
    evaluate,
    splits: { train: { inputs, labels } },
    rule: compileRule(getOptimizer('sgd')),
    hyperparameters: {},
    lr: 0.1,
    schedule: compileSchedule({ kind: 'constant' }),
    seed: 0n,
    threads: 1,
  });
  const loss = await trainer.stepOn(
    inputs.map(({ values }) => values),
    labels.values,
    { update: false },
  );
  const names = new Set(trainer.parameterNames());
  return { loss, gradient: (name) => (names.has(name) ? trainer.getGradient(name) : undefined) };
}

async function byReferences(train) {
  const values = Object.fromEntries(fedTo(train).map((input) => [input.name, valuesOf(input)]));
  const results = interpret(train, { ...values, labels: valuesOf(about.labels) });
  return {
    loss: results.get('mean_squared_error')[0],
    gradient: (name) => results.get(`${name}.grad`),
  };
}

/** The parameter that is worst for what float32 allows there: no nearer than FLOOR, or FACTOR times PyTorch's own error. */
function compared({ loss, gradient }) {
  const expected = Object.entries(about.gradients).map(([name, place]) => {
    const limit = isExact ? EXACT : Math.max(FLOOR, FACTOR * place.rounding);
    return { name, limit, values: valuesOf(place), rounding: place.rounding };
  });
  const whole = norm(expected.map(({ values }) => norm(values)));
  const own = Math.abs(loss - about.loss) / Math.max(Math.abs(about.loss), 1e-12);
  let worst = { name: 'the loss', error: own, limit: isExact ? EXACT : FLOOR, rounding: 0 };
  let elements = 0;
  for (const { name, limit, values, rounding } of expected) {
    const ours = gradient(name);
    if (ours === undefined) continue;
    elements += values.length;
    const error =
      norm(values.map((v, i) => v - ours[i])) / Math.max(norm(values), NEGLIGIBLE * whole);
    if (!(error / limit <= worst.error / worst.limit)) worst = { name, error, limit, rounding };
  }
  const { nearest, parameters } = about;
  return { ...worst, matches: worst.error <= worst.limit, share: elements / parameters, nearest };
}
