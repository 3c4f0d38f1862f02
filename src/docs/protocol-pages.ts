import { type Level, type Protocol, protocols } from '../protocols/index.js';
import { formatPlural } from '../report/format.js';
import type { Axis } from '../sampler/axis.js';
import { scheduleAxes } from '../study/schedule-schema.js';
import type { Page } from './page.js';

/** docs/PROTOCOLS.md */
export function protocolPages(): Page[] {
  const content = [INTRODUCTION, ...protocols.map(section), OWN].join('\n\n');
  return [{ path: 'PROTOCOLS.md', content: `${content}\n` }];
}

const INTRODUCTION = `# Tuning protocols

A protocol says how every optimizer of a study is tuned. A study file names one:

\`\`\`yaml
protocol: choi-2019      # optcmp list protocols; or the path of a file of your own
\`\`\`

Without one, a study is a single search over each optimizer's space as it stands.

A protocol has *levels*, one search after the other, each compared on its own: the report ranks every level, so that one
sees how a ranking changes as more is tuned. A level's search has *stages*, trials that are planned together. What a stage
led to, and why, is kept in the study's database and shown by \`optcmp status\`; it depends on the trials' results alone,
so it is the same with any number of workers and after any interruption.

What a level does not tune keeps the optimizer's default. \`final_runs\` runs the best point of a level again with fresh
seeds; they tell the spread between seeds and enter no ranking.

What the protocols of Wilson and Schneider find on a small network, level by level:
[studies/results](../studies/results/README.md).

| to claim | use |
|---|---|
| A is better than B at this budget, with an interval | points that do not depend on results: \`sobol\`, \`halton\`, \`random\`, \`latin_hypercube\`; best-of-k curves and the bootstrap suppose that trials are exchangeable |
| the sensitivity to a hyperparameter | the same, over the space that the claim is about |
| what the published protocol would have found | its own sampler, mostly \`grid\` |
| the best point, no comparison | any; \`tpe\` finds better points with as many trials, but nothing of the above holds for them (warning OC111); final runs with fresh seeds tell what the point is worth |`;

const OWN = `## A protocol of your own

A file with the same keys, e.g. \`my-protocol.yaml\` beside the study, named by its path:

\`\`\`yaml
name: rate-then-all
levels:
  - name: learning rate
    tune: [lr]
    axes: { lr: { log: [1.0e-4, 1], levels: 9 } }   # where an entry states lr in relation to ε
    sampler: grid
    schedule: constant
    final_runs: 5
  - name: everything
    tune: all
    trials: 64
    search: { kind: narrow, keep: 0.1, padding: 0.1, boundary: 0.1, widening: 0.5, rounds: 3 }
\`\`\`

| key of a level | meaning |
|---|---|
| \`tune\` | \`all\`, or a list of hyperparameters, settings (\`l2\`, \`weight_decay\`, …) and \`schedule\`; \`[]\` runs the defaults |
| \`axes\` | axes in place of the entries' own, by hyperparameter |
| \`schedule\` | the schedule where it is not tuned; \`constant\` when left out |
| \`sampler\`, \`trials\` | in place of the study's; \`tpe\` with a \`plain\` search only |
| \`search\` | \`plain\`: one stage. \`narrow\`: a wide stage (\`wide_trials\`), then the space around the best share \`keep\` of its trials, \`padding\` added on both sides; accepted when the best trial is further than \`boundary\` from every end, else widened there by \`widening\`, at most \`rounds\` times. \`extend\`: a grid that grows by \`points\` where its best is at an end, at most \`rounds\` times. Shares are of an axis in its own scale |
| \`final_runs\` | runs of the best point with fresh seeds |`;

function section({ name, source, description, levels }: Protocol): string {
  const rows = levels.map((level) => `| ${level.name} | ${tuned(level)} | ${how(level)} |`);
  return [
    `## ${name}`,
    `${source}. ${description}`,
    ['| level | tuned | search |', '|---|---|---|', ...rows].join('\n'),
  ].join('\n\n');
}

function tuned({ tune, axes, schedule }: Level): string {
  if (tune === 'all') return 'everything that the study varies';
  const list = tune.map((name) => code(name) + range(axes[name])).join(', ') || 'nothing';
  if (tune.includes('schedule')) return list;
  const fixed = Object.entries(scheduleAxes(schedule)).map(
    ([name, axis]) => `${name} ${axis.kind === 'fixed' ? axis.value : ''}`,
  );
  return `${list}; schedule ${[code(schedule.kind), ...fixed].join(', ')}`;
}

const code = (text: string) => `\`${text}\``;

function range(axis: Axis | undefined): string {
  if (axis === undefined || axis.kind === 'fixed' || axis.kind === 'choice') return '';
  const levels = axis.levels === undefined ? '' : `, ${axis.levels} values`;
  return ` (${axis.kind} ${axis.low} to ${axis.high}${levels})`;
}

function how({ sampler, trials, search, final_runs }: Level): string {
  const points = sampler === undefined ? "the study's sampler" : code(sampler);
  const parts = [trials === undefined ? points : `${points}, ${formatPlural(trials, 'trial')}`];
  if (search.kind === 'narrow')
    parts.push(
      `wide, then narrowed around the best ${search.keep * 100} %, widened up to ${search.rounds} times`,
    );
  if (search.kind === 'extend')
    parts.push(
      `extended by ${search.points} where the best is at an end, up to ${search.rounds} times`,
    );
  if (final_runs > 0) parts.push(`the best again with ${final_runs} seeds`);
  return parts.join('; ');
}
