import { Philox } from '../../src/random/philox.js';
import type { Measurement, StudyData, Trial } from '../../src/store/records.js';

export interface SyntheticOptions {
  workloads?: string[];
  optimizers?: string[];
  /** Points for each optimizer on each workload. */
  trials?: number;
  repetitions?: number;
  /** Measurements of each metric and split. */
  evaluations?: number;
  steps?: number;
  seed?: number;
}

interface Family {
  /** Lower and upper bounds on a log scale, by axis. */
  space: Record<string, [number, number]>;
  /** Where the error is lowest. */
  optimum: Record<string, number>;
  /** The lowest error. */
  floor: number;
  constants: Record<string, number>;
}

const FAMILIES: Record<string, Family> = {
  sgd: {
    space: { lr: [1e-4, 1e1] },
    optimum: { lr: 0.2 },
    floor: 0.096,
    constants: {},
  },
  momentum: {
    space: { lr: [1e-4, 1e1], '1-gamma': [1e-3, 1] },
    optimum: { lr: 0.03, '1-gamma': 0.08 },
    floor: 0.0905,
    constants: {},
  },
  nesterov: {
    space: { lr: [1e-4, 1e1], '1-gamma': [1e-3, 1] },
    optimum: { lr: 0.04, '1-gamma': 0.06 },
    floor: 0.0895,
    constants: {},
  },
  rmsprop: {
    space: { 'lr/sqrt(epsilon)': [1e-2, 1e4], epsilon: [1e-10, 1e10], '1-gamma': [1e-3, 1] },
    optimum: { 'lr/sqrt(epsilon)': 3, epsilon: 1e-5, '1-gamma': 0.1 },
    floor: 0.091,
    constants: { rho: 0.99 },
  },
  adam: {
    space: { 'lr/epsilon': [1e-2, 1e4], epsilon: [1e-10, 1e10], '1-beta1': [1e-3, 1] },
    optimum: { 'lr/epsilon': 5, epsilon: 1e-4, '1-beta1': 0.9 },
    floor: 0.0865,
    constants: { beta2: 0.999 },
  },
  nadam: {
    space: { 'lr/epsilon': [1e-2, 1e4], epsilon: [1e-10, 1e10], '1-beta1': [1e-3, 1] },
    optimum: { 'lr/epsilon': 8, epsilon: 1e-4, '1-beta1': 0.12 },
    floor: 0.0855,
    constants: { beta2: 0.999 },
  },
};

export const SYNTHETIC_OPTIMIZERS = Object.keys(FAMILIES);

/**
 * A made-up study that looks like a real one: errors rise away from each optimizer's optimum, trials far above it
 * diverge, curves fall and flatten. The same options give the same study.
 */
export function syntheticStudy({
  workloads = ['2c2d-fashion-mnist'],
  optimizers = SYNTHETIC_OPTIMIZERS,
  trials = 50,
  repetitions = 1,
  evaluations = 20,
  steps = 400,
  seed = 1,
}: SyntheticOptions = {}): StudyData {
  const random = new Philox(seed);
  const data: StudyData = {
    study: studyRecord(workloads, optimizers),
    stages: [],
    trials: [],
    measurements: [],
  };
  for (const workload of workloads) {
    for (let number = 0; number < trials; number++) {
      for (const optimizer of optimizers) {
        const family = FAMILIES[optimizer] ?? (FAMILIES['adam'] as Family);
        const point = samplePoint(family, random);
        for (let repetition = 0; repetition < repetitions; repetition++) {
          const id = data.trials.length + 1;
          const key = { id, workload, optimizer, number, repetition };
          const { trial, measurements } = run(key, family, point, { evaluations, steps }, random);
          data.trials.push(trial);
          data.measurements.push(...measurements);
        }
      }
    }
  }
  return data;
}

function studyRecord(workloads: string[], optimizers: string[]): StudyData['study'] {
  const entry = (label: string) => {
    const { space, constants } = FAMILIES[label] ?? (FAMILIES['adam'] as Family);
    const axes = Object.entries(space).map(([name, [low, high]]) => [
      name,
      { kind: 'log', low, high },
    ]);
    return {
      label,
      optimizer: label,
      variant: 'paper',
      space: Object.fromEntries(axes),
      schedule: 'constant',
      untuned: Object.keys(constants),
    };
  };
  return {
    name: 'quickstart',
    hash: '3f9a1c0d5b7e4a2f86d09b1c7e5a3f2d4c6b8a0e1f3d5c7b9a2e4f6d8c0b1a3f',
    createdAt: '2026-03-14T09:26:53.589Z',
    machine: {
      cpu: 'AMD EPYC 9R14, 2 cores',
      memory: '16 GiB',
      os: 'Debian GNU/Linux 12',
      node: '20.20.2',
      optcmp: '0.1.0',
      onednn: '2.6.3',
    },
    spec: {
      name: 'quickstart',
      seed: 0,
      workloads,
      optimizers: optimizers.map(entry),
      sampler: 'sobol',
      trials: 50,
      repetitions: 1,
      budget: { epochs: 2 },
      evaluate_every: { steps: 20 },
      objective: { metric: 'classification_error', split: 'validation', over: 'best' },
      threads: 1,
    },
  };
}

function samplePoint({ space }: Family, random: Philox): Record<string, number> {
  return Object.fromEntries(
    Object.entries(space).map(([name, [low, high]]) => [
      name,
      low * (high / low) ** random.uniform(),
    ]),
  );
}

/** Solves the derived axes for the hyperparameters. */
function derive(point: Record<string, number>, constants: Record<string, number>) {
  const { epsilon = 1 } = point;
  const solved = Object.entries(point).map(([name, value]) => {
    if (name.startsWith('1-')) return [name.slice(2), 1 - value];
    if (name === 'lr/epsilon') return ['lr', value * epsilon];
    if (name === 'lr/sqrt(epsilon)') return ['lr', value * Math.sqrt(epsilon)];
    return [name, value];
  });
  return { ...(Object.fromEntries(solved) as Record<string, number>), ...constants };
}

function run(
  key: Pick<Trial, 'id' | 'workload' | 'optimizer' | 'number' | 'repetition'>,
  family: Family,
  point: Record<string, number>,
  { evaluations, steps }: { evaluations: number; steps: number },
  random: Philox,
): { trial: Trial; measurements: Measurement[] } {
  const distance = Object.entries(point).map(([name, value], i) => {
    const decades = Math.log10(value / (family.optimum[name] ?? 1));
    return i === 0 ? decades : decades / 4;
  });
  const squared = distance.reduce((sum, d) => sum + d * d, 0);
  const diverges = (distance[0] ?? 0) > 1.1 + 0.5 * random.uniform();
  const final = Math.min(
    0.9,
    (family.floor + 0.004 * random.uniform()) * Math.exp(0.35 * squared) + 0.002 * random.uniform(),
  );
  const lag = 20 * (1 + squared);
  const measurements: Measurement[] = [];
  const measure = (split: Measurement['split'], step: number, error: number, seconds: number) => {
    const common = { trial: key.id, step, split, seconds };
    measurements.push({ ...common, metric: 'classification_error', value: error });
    measurements.push({ ...common, metric: 'cross_entropy', value: 2.6 * error });
  };
  const last = diverges ? Math.ceil(evaluations / 4) : evaluations;
  for (let i = 0; i <= last; i++) {
    const step = Math.round((i * steps) / evaluations);
    const noise = 1 + 0.05 * (random.uniform() - 0.5);
    const error = Math.min(0.9, final + (0.9 - final) * Math.exp(-step / lag)) * noise;
    const seconds = step * 0.18;
    measure('train', step, diverges && i === last ? Number.NaN : error * 0.93, seconds);
    if (diverges && i === last) break;
    measure('validation', step, error, seconds);
    measure('test', step, error * 1.03 + 0.002 * random.uniform(), seconds);
  }
  const trial: Trial = {
    ...key,
    state: diverges ? 'infeasible' : 'complete',
    reason: diverges
      ? `the loss was NaN at step ${Math.round((last * steps) / evaluations)}`
      : null,
    point,
    hyperparameters: derive(point, family.constants),
    seed: String(random.uint32()),
    stage: 0,
    attempts: 1,
    seconds: (last / evaluations) * steps * 0.18,
  };
  return { trial, measurements };
}
