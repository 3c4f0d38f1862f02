import { formatList } from '../format.js';
import type { WorkloadView } from '../study-view.js';
import type { Finding, WarningDefinition } from './warning.js';

export const modelProposed: WarningDefinition = {
  code: 'OC111',
  kind: 'model-proposed',
  title: 'Trials were proposed by a model of earlier results',
  explanation:
    'A model-based sampler (TPE) puts its trials where earlier ones were good, so they are no independent draws and cannot ' +
    'be exchanged for one another: the curves of the best of k trials, their intervals and the probabilities that one ' +
    'optimizer beats another, which draw trials anew, do not hold for them. How good the model works for a space also ' +
    'differs between optimizers.',
  advice:
    'To claim that one optimizer is better, tune all of them by points that do not depend on results (`sobol`, `halton`, ' +
    '`random`); or repeat each whole search with other study seeds and compare the best of the searches.',
  find,
};

function find({ competitors }: WorkloadView): Finding[] {
  const proposed = competitors.filter(({ samplers }) => samplers.includes('tpe'));
  if (proposed.length === 0) return [];
  const names = formatList(proposed.map(({ optimizer }) => optimizer));
  const message =
    `The trials of ${names} were proposed by a model (tpe) from earlier results: they show how good a point can be found, ` +
    'but curves over the number of trials, intervals and probabilities suppose independent ones. For a fair comparison ' +
    'use quasi-random or random trials.';
  return [{ message }];
}
