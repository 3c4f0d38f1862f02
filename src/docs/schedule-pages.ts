import { formatDomain, studyDomain } from '../optimizers/index.js';
import type { CompiledSchedule } from '../optimizers/rule.js';
import {
  compileSchedule,
  initialState,
  learningRate,
  observe,
  type Schedule,
  type ScheduleParameter,
  schedules,
  warmup,
} from '../schedules/index.js';
import { type Line, lineChart } from './line-chart.js';
import type { Page } from './page.js';

/** Steps of the run that is drawn. */
const STEPS = 1000;
const WARMUP = 100;
const MEASURE_EVERY = 20;

const imagePath = (kind: string) => `images/schedules/${kind}.svg`;

/** docs/SCHEDULES.md and its drawings. */
export function schedulePages(): Page[] {
  const drawings = schedules.map(
    (schedule): Page => ({ path: imagePath(schedule.kind), content: draw(schedule) }),
  );
  return [{ path: 'SCHEDULES.md', content: page() }, ...drawings];
}

function draw({ kind, title, parameters }: Schedule): string {
  const all = Object.entries(parameters);
  const shrunk = all.flatMap(([name, { fraction }]) =>
    fraction === undefined ? [] : [[name, Math.max(1, Math.round(fraction * (STEPS - WARMUP)))]],
  );
  const alone = compileSchedule({ kind });
  const warm = compileSchedule({ kind, ...Object.fromEntries(shrunk), warmup_steps: WARMUP });
  const lines: Line[] = [
    { label: 'defaults', points: curve(alone) },
    { label: 'after a warm-up', points: curve(warm) },
  ];
  return lineChart(`${title}: learning rate over the run`, lines, {
    x: 'step / budget',
    y: 'rate / lr',
  });
}

function curve(schedule: CompiledSchedule): [number, number][] {
  let state = initialState(schedule);
  let error = 1;
  const points: [number, number][] = [];
  for (let t = 0; t <= STEPS; t += 5) {
    const rate = learningRate(schedule, 1, t, state);
    points.push([t / STEPS, rate]);
    if (t % MEASURE_EVERY !== 0) continue;
    error = madeUpError(error, rate, t / MEASURE_EVERY);
    state = observe(schedule, state, error);
  }
  return points;
}

/** Falls by half at each measurement, down to a noise in proportion to the rate. */
const madeUpError = (error: number, rate: number, measurement: number): number =>
  error / 2 + rate * (0.5 + 0.1 * Math.sin(2 * measurement));

function page(): string {
  return `# Learning-rate schedules

<!-- Generated: npm run build:ts && node dist/docs/write-pages.js -->

A schedule gives the learning rate of each step from the initial one, α = \`lr\`, which the search space tunes. Each is
one typed expression in \`src/schedules/\`, from which come this page and the code that the engine runs in float64, once a
step. Each is checked against the implementations named below to 10⁻¹².

In a study every parameter is a number or an axis like any other, and what counts steps is a **fraction of the budget**:

\`\`\`yaml
schedule: { kind: linear_decay, decay_steps: { uniform: [0.5, 1] }, decay_factor: { log: [1.0e-3, 1] } }
schedule: { kind: step, period: 0.1, decay_factor: 0.5 }                # Wilson et al.: half every 25 of 250 epochs
schedule: { kind: cosine, warmup_steps: { uniform: [0, 0.1] } }         # a warm-up, as before any schedule
schedule: { kind: dev_decay, decay_factor: 0.9, metric: classification_error }
\`\`\`

A parameter that is left out has its default. In the library (\`compileSchedule\`) the same parameters are in steps. The
drawings have the defaults for a run of ${STEPS} steps.

## A warm-up in front

The rate rises in a straight line to α; then the schedule begins, as if at step 0. In a study its numbers of steps are
fractions of what the warm-up leaves of the budget, so \`decay_steps: 1\` always ends with the run. Without
\`warmup_steps\` there is no warm-up.

${parameterTable(warmup)}
${schedules.map(section).join('\n')}`;
}

function section({ kind, title, source, parameters, formula, hasFeedback }: Schedule): string {
  const own = Object.keys(parameters).length > 0 ? `\n${parameterTable(parameters)}` : '';
  const feedback = hasFeedback
    ? `
The rate depends on what is measured on validation data, after each \`evaluate_every\` of the study: the metric named by
\`metric\`, or the loss's. What the schedule has seen is part of checkpoints, so a trial that is stopped goes on exactly.
Measurements during a warm-up count too.
The drawing supposes an error that falls by half a measurement down to a noise in proportion to the rate.
`
    : '';
  return `## ${title}: \`${kind}\`

![Rate over the run](${imagePath(kind)})

\`\`\`math
${formula.latex.join(' \\\\\n')}
\`\`\`
${own}${feedback}
Source: ${source}.
`;
}

function parameterTable(parameters: Readonly<Record<string, ScheduleParameter>>): string {
  const rows = Object.entries(parameters).map(([name, parameter]) => {
    const { description, fraction, default: value } = parameter;
    const fallback =
      fraction === undefined ? `${value}` : `${Number(fraction.toPrecision(3))} of the budget`;
    return `| \`${name}\` | ${description} | ${fallback} | ${formatDomain(studyDomain(parameter))} |\n`;
  });
  return `| parameter | what it is | default | values |\n|---|---|---|---|\n${rows.join('')}`;
}
