/**
 * A name of an axis: a hyperparameter, or a form derived from hyperparameters, and how the hyperparameter it gives
 * is solved for.
 */
export interface DerivedName {
  /** The hyperparameter that a value of this axis gives. */
  target: string;
  /** The other hyperparameter in the form, which must be known first. */
  given?: string;
  /** The value of `target`, from the axis's value and that of `given`. */
  solve: (value: number, given: number) => number;
}

const NAME = '[A-Za-z_][A-Za-z0-9_]*';

/** The paper's forms (Choi et al. 2019, appendix D), by pattern. */
const FORMS: { shape: string; pattern: RegExp; solve: DerivedName['solve'] }[] = [
  { shape: 'x', pattern: RegExp(`^(${NAME})$`), solve: (value) => value },
  { shape: '1-x', pattern: RegExp(`^1-(${NAME})$`), solve: (value) => 1 - value },
  { shape: 'x/y', pattern: RegExp(`^(${NAME})/(${NAME})$`), solve: (value, y) => value * y },
  {
    shape: 'x/sqrt(y)',
    pattern: RegExp(`^(${NAME})/sqrt\\((${NAME})\\)$`),
    solve: (value, y) => value * Math.sqrt(y),
  },
];

export const DERIVED_SHAPES = FORMS.map(({ shape }) => shape);

/** Reads an axis's name, spaces aside; undefined when it has none of the known shapes. */
export function parseDerivedName(name: string): DerivedName | undefined {
  const text = name.replaceAll(' ', '');
  for (const { pattern, solve } of FORMS) {
    const [, target, given] = pattern.exec(text) ?? [];
    if (target === undefined) continue;
    return given === undefined ? { target, solve } : { target, given, solve };
  }
  return undefined;
}
