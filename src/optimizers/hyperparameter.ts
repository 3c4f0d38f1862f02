/** An interval; its ends belong to it unless said otherwise. */
export interface Domain {
  min: number;
  max: number;
  openMin?: boolean;
  openMax?: boolean;
}

export interface Hyperparameter {
  description: string;
  default: number;
  domain: Domain;
  /**
   * The scale on which equal distances matter equally: of the value (`linear`, `log`), or of one minus the value
   * (`log_complement`; for decay rates near 1).
   */
  scale: 'linear' | 'log' | 'log_complement';
  /**
   * Present for a number of training steps: the default as a fraction of a run. Studies give such a number as a fraction
   * of the budget.
   */
  fraction?: number;
}

/** (0, ∞) */
export const positive: Domain = {
  min: 0,
  max: Number.POSITIVE_INFINITY,
  openMin: true,
  openMax: true,
};
/** What keeps a denominator from 0: still a normal number when rounded to float32. */
export const epsilonDomain: Domain = { min: 1e-37, max: Number.POSITIVE_INFINITY, openMax: true };
/** [0, ∞) */
export const nonNegative: Domain = { min: 0, max: Number.POSITIVE_INFINITY, openMax: true };
/** [1, ∞) */
export const atLeastOne: Domain = { min: 1, max: Number.POSITIVE_INFINITY, openMax: true };
/** [0, 1) */
export const decayRate: Domain = { min: 0, max: 1, openMax: true };

export function contains({ min, max, openMin, openMax }: Domain, value: number): boolean {
  const above = openMin ? value > min : value >= min;
  const below = openMax ? value < max : value <= max;
  return above && below;
}

/** What a study may give: a number of steps as a fraction of the budget. */
export function studyDomain({ fraction, domain }: Hyperparameter): Domain {
  if (fraction === undefined) return domain;
  return { ...domain, max: 1, openMax: false };
}

/** As mathematicians write it: `[0, 1)`. */
export function formatDomain({ min, max, openMin, openMax }: Domain): string {
  const end = (value: number) => (Number.isFinite(value) ? `${value}` : value > 0 ? '∞' : '−∞');
  return `${openMin ? '(' : '['}${end(min)}, ${end(max)}${openMax ? ')' : ']'}`;
}

const END = '[-−]?(?:∞|inf|[0-9.]+(?:[eE][-+]?[0-9]+)?)';
const INTERVAL = RegExp(`^([[(])\\s*(${END})\\s*,\\s*(${END})\\s*([\\])])$`);

/** A domain as `formatDomain` writes it, with `inf` for ∞ if need be. @throws RangeError saying how to write one */
export function parseDomain(text: string): Domain {
  const [, opening, low = '', high = '', closing] = INTERVAL.exec(text.trim()) ?? [];
  const number = (end: string) => Number(end.replace('−', '-').replace(/∞|inf/, 'Infinity'));
  const [min, max] = [number(low), number(high)];
  if (opening === undefined || !(min < max))
    throw new RangeError(`'${text}' is no interval; write one as [0, 1) or (0, inf)`);
  return {
    min,
    max,
    ...(opening === '(' && { openMin: true }),
    ...(closing === ')' && { openMax: true }),
  };
}

/**
 * `values` with defaults for what is missing.
 *
 * @throws RangeError naming `owner` and the value when one is unknown or outside its domain.
 */
export function resolveHyperparameters(
  owner: string,
  known: Readonly<Record<string, Hyperparameter>>,
  values: Readonly<Record<string, number>>,
): Record<string, number> {
  const names = Object.keys(known);
  const unknown = Object.keys(values).find((name) => !names.includes(name));
  if (unknown !== undefined)
    throw new RangeError(`${owner} has no '${unknown}'; it has ${names.join(', ') || 'none'}`);
  return Object.fromEntries(
    Object.entries(known).map(([name, { default: fallback, domain }]) => {
      const value = values[name] ?? fallback;
      if (contains(domain, value)) return [name, value];
      throw new RangeError(`${owner}: ${name} = ${value} is outside ${formatDomain(domain)}`);
    }),
  );
}
