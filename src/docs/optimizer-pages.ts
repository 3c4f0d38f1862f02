import {
  describeOptimizer,
  type Formula,
  getOptimizer,
  type OptimizerDescription,
  optimizers,
  ruleName,
  type WrapperName,
  wrappers,
} from '../optimizers/index.js';
import type { Axis } from '../sampler/axis.js';
import { defaultSpace, wrapperSpace } from '../study/default-space.js';
import { memberTitle, relations } from '../taxonomy/index.js';
import type { Page } from './page.js';

/** docs/OPTIMIZERS.md. */
export function optimizerPages(): Page[] {
  return [{ path: 'OPTIMIZERS.md', content: page() }];
}

function page(): string {
  const names = [...new Set(optimizers.map(({ name }) => name))];
  return `# Optimizers

<!-- Generated: npm run build:ts && node dist/docs/write-pages.js -->

Each is one typed expression in \`src/optimizers/\`, from which come this page, the float64 reference and the code that the
engine runs in float32. Where its authors, PyTorch or a library have the same rule, it is held against theirs over 500
steps (200 for torch.optim's oldest), to 10⁻¹¹ in float64, 10⁻⁹ for rules of whole tensors (\`test/fixtures/\`); the others
are computed by hand in tests. Rules of whole tensors see each as a matrix, whose rows are its first axis. Shampoo
sees all axes: gram(g) has for each of them the products of g's slices with one another, summed over the other axes, and
along(a, m) multiplies m along each axis by its matrix.

θ is the parameter, g its gradient, α the learning rate of the step after the [schedule](SCHEDULES.md), t the step from 0.
ĝ is √B times the gradient of the mean of B labels' losses, at labels drawn from the model's own predictions (below).
A name on the right of an arrow is the latest value. \`paper\`, the default variant, follows the paper, with ε where Choi et
al. 2019 (Table 1) have it; \`pytorch\` follows torch.optim. What follows from what is in [TAXONOMY.md](TAXONOMY.md).

Scale says on which scale values are searched for: \`log_complement\` is the logarithm of one minus the value.

| optimizer | variants | hyperparameters beside \`lr\` | slots of state |
|---|---|---|---|
${names.map(overviewRow).join('')}
## Settings of any optimizer

A study's entry may have these beside the optimizer; each is a number or an axis of the search.

| setting | what it does | in what order |
|---|---|---|
| \`sam_rho\` | sharpness-aware minimization: the gradient is that at θ + sam_rho · g/‖g‖, of the same batch; a step costs two (Foret et al. 2021) | first |
| \`gradient_noise\` | adds normal noise of variance gradient_noise/(1 + t)^0.55 to each element (Neelakantan et al. 2015, who try 0.01, 0.3 and 1) | then |
| \`clip_adaptive\` | scales a row's gradient down to this times the row's norm, which counts as at least 0.001; a vector is one row (Brock et al. 2021, who try 0.01 to 0.16) | then |
| \`clip_norm\` | scales the gradient down to this global norm | then |
| \`clip_value\` | clips each element to this size | then |
| \`l2\` | coupled weight decay: adds l2 · θ to the gradient, so that a rule with moments sees it there | then |
| \`weight_decay\` | decoupled weight decay: θ ← θ − α · weight_decay · θ, which the rule does not see | then, before the rule |

Both decays leave out parameters that the workload says not to decay. For a rule with a \`lambda\` of its own, the decay of its
paper, \`weight_decay\` is another one beside it. \`l2\` and \`lambda\` are the same for SGD, Momentum and Nesterov up to the
learning rate, and differ wherever steps are scaled (Loshchilov & Hutter 2019). Schedule-Free takes both at the point where
it takes gradients, as its authors do.

## Gradients at sampled labels

Sophia-G, and any rule that reads ĝ, \`g_sampled\` in text, has the batch run a second time before the step: from the same
parameters, states and dropout, but with labels drawn from what the model predicts. ĝ² is then an unbiased estimate of the
diagonal of the Gauss–Newton matrix (Gauss–Newton–Bartlett: Liu et al. 2023, Algorithm 2). Its authors draw another batch
for it and clip this gradient's norm, too; here, as in their Algorithms 2 and 3, it is the step's own batch, and neither
clipping nor noise, \`l2\` or \`sam_rho\` touch ĝ.

| loss | labels are drawn from | B |
|---|---|---|
| \`softmax_cross_entropy\` | the softmax of the logits, one for each label that counts; label smoothing has no part in it | labels that count |
| \`sigmoid_cross_entropy\` | the probability of 1 of each element | elements |
| \`mean_squared_error\` | the normal distribution around each element with variance ½, whose negative log-likelihood the loss is | elements |
| \`output\` | nothing: such a rule is refused | |

With micro-batches ĝ is that of the whole batch. The numbers are Philox's, by seed, step and row, so they are the same for
any number of threads and of micro-batches. The second run costs as much as a step's own and happens only where ĝ is read: in
\`h = select(due, average(beta2, h, square(g_sampled)), h)\` where \`due\` > 0, if \`due\` is of \`t\`, \`lr\`, hyperparameters and
\`scalar_state\`. ĝ itself takes the memory of one more slot of state.

## Wrappers

\`wrappers: [lookahead, ema]\` in an entry puts them around its optimizer, the first innermost; their hyperparameters are axes
of its space. In the library they are functions: \`ema(lookahead(getOptimizer('adam')))\`.

Lookahead, EMA, SWA and Schedule-Free evaluate a model elsewhere than where it is trained, at θ_eval: metrics and
predictions are of those weights, gradients and checkpoints of θ. Running statistics of batch normalisation belong to
weights, too: before such an evaluation 50 training batches, always the same, run at the new ones, as the authors of
Schedule-Free do; the statistics of training stay as they are.

${(Object.keys(wrappers) as WrapperName[]).map(wrapperSection).join('\n')}
## Your own

A rule as text in a study file needs no code:

\`\`\`yaml
optimizers:
  - optimizer:
      name: sign-momentum
      hyperparameters:
        beta: { default: 0.9, domain: '[0, 1)', scale: log_complement }
      state: { m: 0 }
      rule: |
        m = beta * m + (1 - beta) * g
        p = p - lr * sign(m)          # p is the parameter
    space: { lr: { log: [1.0e-5, 1.0e-1] }, 1-beta: { log: [1.0e-2, 1] } }
\`\`\`

A line assigns to \`p\`, to the state or to a name of its own, from \`g\`, \`g_sampled\`, \`p\`, \`lr\`, \`t\`, the
hyperparameters, the state and \`scalar_state\` (shared by all elements); a name stands for its latest value. There are + − * / ^, parentheses, numbers,
comments after #, and the functions abs, sqrt, sign, exp, expm1, log, log1p, sin, cos, tanh, sigmoid, erf, floor, round, min,
max, pow, less, equal, select(c, a, b) (a where c > 0, else b), square and average(decay, mean, x). \`evaluation\` is an
expression for θ_eval. [LIBRARY.md](LIBRARY.md) has the same in TypeScript.

${names.map(section).join('\n')}`;
}

const rulesOf = (name: string) => optimizers.filter((optimizer) => optimizer.name === name);

function overviewRow(name: string): string {
  const rules = rulesOf(name);
  const [first] = rules.map(describeOptimizer) as [OptimizerDescription];
  const variants = rules.flatMap((rule) => rule.variants).join(', ');
  const [, ...own] = first.hyperparameters.map((h) => `\`${h.name}\``);
  const link = `[${first.title}](#${anchor(first.title, name)})`;
  return `| ${link} | ${variants} | ${own.join(', ') || '–'} | ${first.state.length} |\n`;
}

/** As GitHub makes it of the heading. */
const anchor = (title: string, name: string): string =>
  `${title} ${name}`
    .toLowerCase()
    .replace(/[^a-z0-9 -]/g, '')
    .replaceAll(' ', '-');

function section(name: string): string {
  const rules = rulesOf(name);
  const [first] = rules;
  return `## ${first?.title}: \`${name}\`\n${rules.map((rule) => ruleSection(rule, rules.length > 1)).join('')}`;
}

function ruleSection(optimizer: (typeof optimizers)[number], isOneOfSome: boolean): string {
  const described = describeOptimizer(optimizer);
  const { variants, source, formula, hyperparameters } = described;
  const heading = isOneOfSome ? `\n### Variant \`${variants.join('`, `')}\`\n` : '';
  const { vectors } = optimizer;
  const others = vectors ? `\nVectors:\n\n${mathBlock(describeOptimizer(vectors).formula)}\n` : '';
  return `${heading}
${mathBlock(formula)}
${others}

${hyperparameterTable(hyperparameters)}
${stateText(described)}
${spaceText(defaultSpace(optimizer.name, variants[0] ?? 'paper'))}
${relationsText(ruleName(optimizer))}
Source: ${source}.
`;
}

function wrapperSection(name: WrapperName): string {
  const plain = getOptimizer('sgd');
  const wrapped = wrappers[name](plain);
  const { formula, hyperparameters, source } = describeOptimizer(wrapped);
  const own = hyperparameters.filter((h) => h.name in wrapped.hyperparameters);
  return `### ${wrapped.title.replace(` of ${plain.title}`, '')}: \`${name}\`

Around SGD:

${mathBlock(formula)}

${hyperparameterTable(own)}
${spaceText(wrapperSpace(name))}

Source: ${source.replace(`; ${plain.source}`, '')}.
`;
}

const mathBlock = ({ latex }: Formula): string =>
  `\`\`\`math\n\\begin{aligned}\n${latex.map(aligned).join(' \\\\\n')}\n\\end{aligned}\n\`\`\``;

/** With the first arrow or equals sign under those of other lines. */
const aligned = (line: string): string => line.replace(/ (\\leftarrow|=) /, ' &$1 ');

function hyperparameterTable(hyperparameters: OptimizerDescription['hyperparameters']): string {
  const rows = hyperparameters.map(
    ({ name, description, default: value, fraction, domainText, scale }) => {
      const fallback = fraction === undefined ? `${value}` : `${fraction} of the budget`;
      return `| \`${name}\` | ${description} | ${fallback} | ${domainText} | ${scale} |\n`;
    },
  );
  return `| hyperparameter | what it is | default | domain | scale |\n|---|---|---|---|---|\n${rows.join('')}`;
}

function stateText({ state, scalarState }: OptimizerDescription): string {
  const list = (slots: typeof state) => slots.map(({ name, init }) => `\`${name}\` = ${init}`);
  const shared = list(scalarState);
  const own = list(state).join(', ') || 'none';
  return `State: ${own}${shared.length ? `; shared by all elements: ${shared.join(', ')}` : ''}.\n`;
}

function spaceText(space: Record<string, Axis> | undefined): string {
  if (space === undefined) return 'Default search space: none.\n';
  const axes = Object.entries(space).map(([name, axis]) => `\`${name}\` ${axisText(axis)}`);
  return `Default search space: ${axes.join('; ')}.\n`;
}

function axisText(axis: Axis): string {
  if (axis.kind === 'fixed') return `= ${axis.value}`;
  if (axis.kind === 'choice') return `one of ${axis.values.join(', ')}`;
  return `${axis.kind} ${axis.low} to ${axis.high}`;
}

function relationsText(rule: string): string {
  const including = relations.filter(({ included }) => included === rule);
  const included = relations.filter((relation) => relation.including === rule);
  const texts = [
    ...included.map((relation) => `⊇ ${memberTitle(relation.included)}`),
    ...including.map((relation) => `⊆ ${memberTitle(relation.including)}`),
  ];
  return texts.length ? `Relations ([TAXONOMY.md](TAXONOMY.md)): ${texts.join(', ')}.\n` : '';
}
