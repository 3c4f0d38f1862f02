import type { Program } from '../compiler/program.js';
import type { CompiledRule } from '../optimizers/rule.js';
import type { ParameterGroup, TrainerOptions } from './types.js';

/** A group with nothing left to defaults, as the native core takes it. */
interface NativeGroup {
  parameters: string[];
  rule: CompiledRule;
  hyperparameters: Record<string, number>;
  lr: number;
  l2: number;
  weightDecay: number;
  /** L2 and decay are for all of its parameters, whatever the program says. */
  allDecay: boolean;
}

/**
 * The groups of a trainer in full. Where a rule has another one for what is no matrix, vectors become a group of their
 * own. Parameters in no group are the native core's to put together.
 */
export function nativeGroups(options: TrainerOptions): NativeGroup[] {
  const groups = options.groups ?? [];
  // Options of other kinds, the wrong ones too, are the native core's to check.
  if (groups.length === 0 && !options.rule?.vectors) return [];
  const shapes = parameterShapes(options.train);
  const taken = new Set(groups.flatMap(({ parameters }) => parameters));
  const rest = [...shapes.keys()].filter((name) => !taken.has(name));
  const isVector = (name: string) => (shapes.get(name)?.length ?? 0) < 2;
  const split = (group: NativeGroup): NativeGroup[] => {
    const { vectors } = group.rule;
    if (!vectors) return [group];
    const own = vectors.hyperparameters.map((name) => [name, group.hyperparameters[name]]);
    return [
      { ...group, parameters: group.parameters.filter((name) => !isVector(name)) },
      {
        ...group,
        parameters: group.parameters.filter(isVector),
        rule: vectors,
        hyperparameters: Object.fromEntries(own),
      },
    ];
  };
  const [, vectorsOfRest] = split(complete({ parameters: rest }, options));
  return [
    ...groups.flatMap((group) => split(complete(group, options))),
    ...(vectorsOfRest ? [vectorsOfRest] : []),
  ].filter(({ parameters }) => parameters.length > 0);
}

function complete(group: ParameterGroup, options: TrainerOptions): NativeGroup {
  return {
    parameters: [...group.parameters],
    rule: group.rule ?? options.rule,
    hyperparameters: group.hyperparameters ?? options.hyperparameters,
    lr: options.lr * (group.lrFactor ?? 1),
    l2: group.l2 ?? options.l2 ?? 0,
    weightDecay: group.weightDecay ?? options.weightDecay ?? 0,
    allDecay: group.l2 !== undefined || group.weightDecay !== undefined,
  };
}

function parameterShapes({ tensors }: Program): Map<string, readonly number[]> {
  const parameters = tensors.filter(({ role }) => role === 'parameter');
  return new Map(parameters.map(({ name, shape }) => [name, shape]));
}
