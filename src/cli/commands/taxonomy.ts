import { writeFileSync } from 'node:fs';
import { Command, InvalidArgumentError } from 'commander';
import { constant, input } from '../../expression/expression.js';
import { expressionFormula } from '../../expression/formula.js';
import { resolveHyperparameters } from '../../optimizers/index.js';
import { formatSetting } from '../../report/format.js';
import { taxonomySvg } from '../../report/taxonomy-svg.js';
import {
  type Claim,
  claims,
  describeRelation,
  type Emulation,
  emulate,
  evaluate,
  member,
  members,
  memberTitle,
  relations,
  substitute,
} from '../../taxonomy/index.js';
import { printJson, printTable } from '../print.js';

const DEFAULT_LIMIT = 1e6;

interface TaxonomyOptions {
  svg?: string;
  emulate?: string;
  as?: string;
  limit: number;
  lr?: number;
  json?: boolean;
  [hyperparameter: string]: string | number | boolean | undefined;
}

/** `optcmp taxonomy` */
export function taxonomyCommand(): Command {
  const command = new Command('taxonomy')
    .description('which optimizers include which, and how')
    .option('--svg <file>', 'draw the order')
    .option('--emulate <optimizer>', 'the hyperparameters with which it does …')
    .option('--as <optimizer>', '… what this one does with those given')
    .option('--limit <n>', 'what goes to infinity in limits, e.g. ε', parseNumber, DEFAULT_LIMIT)
    .option('--lr <n>', 'learning rate of the emulated one (default: its own)', parseNumber)
    .option('--json', 'print JSON');
  for (const name of hyperparameterNames()) {
    command.option(`--${name} <n>`, 'of the emulated one (default: its own)', parseNumber);
  }
  return command.action(act).addHelpText(
    'after',
    `
Examples:
  optcmp taxonomy --svg taxonomy.svg
  optcmp taxonomy --emulate adam --as momentum --lr 0.1 --gamma 0.9`,
  );
}

/** Of everything that can be emulated. */
function hyperparameterNames(): string[] {
  const names = members().flatMap((name) => Object.keys(member(name).hyperparameters));
  return [...new Set(names)].sort();
}

function parseNumber(text: string): number {
  const value = Number(text);
  if (text.trim() !== '' && Number.isFinite(value)) return value;
  throw new InvalidArgumentError('it must be a number.');
}

function act(options: TaxonomyOptions): void {
  const { svg, json } = options;
  if ((options.emulate === undefined) !== (options.as === undefined))
    throw new Error('--emulate and --as go together: --emulate adam --as momentum');
  if (svg !== undefined) writeFileSync(svg, taxonomySvg(relations, claims));
  if (options.emulate !== undefined && options.as !== undefined) {
    printEmulation(options.emulate, options.as, options);
  } else if (json) {
    printJson({ relations: relations.map(describeRelation), claims: claims.map(describeClaim) });
  } else {
    printOrder();
  }
}

function describeClaim({ included, including, restriction, said, reason }: Claim) {
  return { included, including, restriction, said, reason };
}

function printOrder(): void {
  const rows = relations
    .map(describeRelation)
    .map(({ title, nearness, schedules, map }) => [title, nearness, schedules, map.join(', ')]);
  printTable(
    ['includes', 'nearness', 'schedules', 'hyperparameters (η: learning rate of the included one)'],
    rows,
  );
  console.log('\nDoes not hold, though it may seem so:');
  for (const { included, including, restriction, reason } of claims) {
    const title = `${memberTitle(included)} ⊆ ${memberTitle(including)}`;
    console.log(`  ${title}${restriction ? ` ${restriction}` : ''}: ${reason}`);
  }
}

function printEmulation(including: string, included: string, options: TaxonomyOptions): void {
  const { limit, json } = options;
  const { lr = Number.NaN } = resolveHyperparameters(
    included,
    { lr: member(included).lr },
    options.lr === undefined ? {} : { lr: options.lr },
  );
  const own = Object.keys(member(included).hyperparameters);
  const foreign = hyperparameterNames().find(
    (name) => options[name] !== undefined && !own.includes(name),
  );
  if (foreign !== undefined)
    throw new Error(
      `${included} has no ${foreign}; it has lr${own.map((name) => `, ${name}`).join('')}`,
    );
  const given = own.flatMap((name) => {
    const value = options[name];
    return typeof value === 'number' ? [[name, value] as const] : [];
  });
  const found = emulate(including, included, Object.fromEntries(given), limit);
  if (json) printJson(plain(found, lr, limit));
  else for (const line of lines(found, lr, limit)) console.log(line);
}

/** The learning rate at a step; at infinity, where it goes to. */
const rateAt = ({ lr }: Emulation, eta: number, t: number): number => evaluate(lr, { eta, t });

/** The learning rate with the emulated one's put in: a number, or a formula of the step. */
const rateFormula = ({ lr }: Emulation, eta: number): string => {
  const rate = substitute(lr, { eta: constant(eta), t: input('t', 'scalar') });
  return expressionFormula('lr', rate).text.join('; ');
};

function plain(found: Emulation, eta: number, limit: number) {
  const { including, included, hyperparameters, path, order, schedules } = found;
  return {
    including,
    included,
    hyperparameters,
    lr: {
      formula: rateFormula(found, eta),
      first: rateAt(found, eta, 0),
      last: rateAt(found, eta, Number.POSITIVE_INFINITY),
    },
    schedules,
    ...(order === undefined ? { exact: true } : { exact: false, limit, order }),
    path: path.map(describeRelation).map(({ title }) => title),
  };
}

function lines(found: Emulation, eta: number, limit: number): string[] {
  const { including, included, hyperparameters, path, order, schedules } = found;
  const first = rateAt(found, eta, 0);
  const last = rateAt(found, eta, Number.POSITIVE_INFINITY);
  const settings = Object.entries(hyperparameters).map(
    ([name, value]) => `  ${name} = ${formatSetting(value)}`,
  );
  const rate =
    first === last
      ? `  lr = ${formatSetting(last)}`
      : `  lr: ${rateFormula(found, eta)}, from ${formatSetting(first)} at step 0 to ${formatSetting(last)}`;
  const nearness =
    order === undefined
      ? 'exact'
      : `error in proportion to 1/limit${order === 1 ? '' : `^${order}`}, limit = ${formatSetting(limit)}`;
  return [
    `${memberTitle(including)} does what ${memberTitle(included)} does with`,
    rate,
    ...settings,
    `by ${path.map((relation) => describeRelation(relation).title).join(', ')}; ${nearness}.`,
    schedules === 'any'
      ? 'A schedule of the learning rate carries over: it multiplies this one.'
      : 'Only for a constant learning rate.',
  ];
}
