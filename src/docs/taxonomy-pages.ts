import { taxonomySvg } from '../report/taxonomy-svg.js';
import {
  type Claim,
  claims,
  describeRelation,
  measureRounding,
  memberTitle,
  type Relation,
  relations,
  searchNearest,
} from '../taxonomy/index.js';
import type { Page } from './page.js';

const IMAGE = 'images/taxonomy.svg';
const SUPERSCRIPTS = '⁰¹²³⁴⁵⁶⁷⁸⁹';

/** docs/TAXONOMY.md and its drawing. */
export function taxonomyPages(): Page[] {
  return [
    { path: 'TAXONOMY.md', content: page() },
    { path: IMAGE, content: taxonomySvg(relations, claims) },
  ];
}

function page(): string {
  return `# The inclusion order of optimizers

<!-- Generated: npm run build:ts && node dist/docs/write-pages.js -->

An optimizer B includes an optimizer A, A ⊆ B, when for every setting of A there is one of B, or a sequence of them,
with which B moves the parameters as A does, whatever the gradients (Choi et al. 2019, section 3). **An optimizer that is
tuned well enough, over a space wide enough, is never worse than one that it includes**; where a comparison says
otherwise, it compares how well they were tuned. What that takes in practice is measured in [INCLUSION.md](INCLUSION.md).

![The inclusion order](${IMAGE})

\`\`\`
optcmp taxonomy                                                       # this page's tables
optcmp taxonomy --emulate adam --as momentum --lr 0.1 --gamma 0.9     # Adam's hyperparameters that make it Momentum
\`\`\`

Relations follow from one another: SGD ⊆ Momentum and Momentum ⊆ Adam give SGD ⊆ Adam, and \`--emulate\` goes such ways.

## What holds

Each relation is a map from A's hyperparameters to B's (\`src/taxonomy/relations/\`), written once as typed expressions.
η is A's learning rate at step t (from 0), L what goes to infinity. Tests run both optimizers in float64 on random
gradients, hyperparameters and schedules: “exact” is to rounding, and a limit's error must fall with the power of L that
is stated. “Schedules” says whether A's learning rate may change over the run.

| relation | error | schedules | B's hyperparameters |
|---|---|---|---|
${relations.map(relationRow).join('')}
${relations.map(derivation).join('\n')}
## Where float32 ends it

In float64 a larger L is always nearer. The engine updates parameters in float32 (scalars in float64), where v, or in Adam
its root, vanishes beside an ε that is 2²⁴ times larger, or ε beside them as ε → 0: from there on rounding wins, and a
larger L is no nearer. Measured in the engine's arithmetic (emulated; a test holds it against the engine to the bit) over
50 steps with gradients between 0.05 and 2, at A's default hyperparameters. For gradients s times as large the best ε of
Adam is s times as large, too, and that of RMSProp s² times.

| relation | error at L = 10² | at 10⁴ | at 10⁶ | best L | error there | A's own rounding | breaks |
|---|---|---|---|---|---|---|---|
${relations
  .filter(({ limit }) => limit)
  .map(roundingRow)
  .join('')}
“Best L” is the least power of ten with an error within twice the least of all. “Breaks” is where numbers overflow or
vanish; it comes as much earlier as η is larger. Everything between is as near as float32 allows: an ε that is too large
does no harm until then, but a search space must reach it. The usual ε = 10⁻⁸ is fifteen decades away.

## What does not hold

Each with a counterexample that is run by a test (\`src/taxonomy/claims/\`): a short history of gradients on which a search
over all of B's hyperparameters finds nothing near A. “Distance” is what is left between their steps at the nearest
setting found, relative to A's steps; B's learning rate is the best there is, at every step anew where “rate” says so. The
same search finds every relation above (distance below 0.005).

| claim | distance | rate |
|---|---|---|
${claims.map(claimRow).join('')}
${claims.map(refutation).join('\n')}`;
}

function relationRow(relation: Relation): string {
  const { title, nearness, schedules, map } = describeRelation(relation);
  return `| ${title} | ${nearness} | ${schedules} | ${map.join(', ')} |\n`;
}

function derivation(relation: Relation): string {
  const { title, derivation: why, source } = describeRelation(relation);
  return `**${title}.** ${why} (${source})\n`;
}

function roundingRow(relation: Relation): string {
  const { own, deviations, best, breaks } = measureRounding(relation);
  const at = (limit: number) =>
    scientific(deviations.find((entry) => entry.limit === limit)?.deviation ?? Number.NaN);
  const cells = [
    describeRelation(relation).title,
    at(1e2),
    at(1e4),
    at(1e6),
    power(best.limit),
    scientific(best.deviation),
    scientific(own),
    breaks === undefined ? 'not up to 10³⁷' : `at ${power(breaks)}`,
  ];
  return `| ${cells.join(' | ')} |\n`;
}

const claimTitle = ({ included, including, restriction }: Claim): string =>
  `${memberTitle(included)} ⊆ ${memberTitle(including)}${restriction ? ` ${restriction}` : ''}`;

function claimRow(claim: Claim): string {
  const { distance } = searchNearest(claim);
  const rate = claim.freedom === 'schedule' ? 'any at each step' : 'A’s times a number';
  return `| ${claimTitle(claim)} | ${distance.toPrecision(2)} | ${rate} |\n`;
}

function refutation(claim: Claim): string {
  return `**${claimTitle(claim)}?** ${claim.said} ${claim.reason}\n`;
}

/** `10⁷` */
const power = (value: number): string =>
  `10${String(Math.round(Math.log10(value)))
    .replace(/\d/g, (digit) => SUPERSCRIPTS[Number(digit)] ?? '')
    .replace('-', '⁻')}`;

/** `3·10⁻⁷`, to one digit, so that a last bit changes no page. */
function scientific(value: number): string {
  const [mantissa, exponent] = value.toExponential(0).split('e');
  return `${mantissa}·${power(10 ** Number(exponent))}`;
}
