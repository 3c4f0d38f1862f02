import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  compileRule,
  contains,
  describeOptimizer,
  getOptimizer,
  optimizers,
  reference,
} from '../../src/optimizers/index.js';

/** Parameters after each step from `p` with gradients `g`, by the reference. */
function trajectory(
  name: string,
  lr: number,
  hyperparameters: Record<string, number>,
  p: number,
  gradients: readonly number[],
): number[] {
  const optimizer = reference(getOptimizer(name), 1, lr, hyperparameters);
  const parameter = Float64Array.of(p);
  return gradients.map((gradient) => {
    optimizer.step(parameter, Float64Array.of(gradient));
    return parameter[0] ?? Number.NaN;
  });
}

const gradients = [0.5, -1, 2];

describe("the paper's rules by hand (Choi et al. 2019, Table 1)", () => {
  it('sgd', () => {
    expect(trajectory('sgd', 0.5, {}, 1, gradients)).toEqual([0.75, 1.25, 0.25]);
  });

  it('momentum', () => {
    // v = 0.5, −0.75, 1.625
    expect(trajectory('momentum', 0.5, { gamma: 0.5 }, 1, gradients)).toEqual([
      0.75, 1.125, 0.3125,
    ]);
  });

  it('nesterov', () => {
    // γ v + g = 0.75, −1.375, 2.8125
    expect(trajectory('nesterov', 0.5, { gamma: 0.5 }, 1, gradients)).toEqual([
      0.625, 1.3125, -0.09375,
    ]);
  });

  it('rmsprop starts from v = 1 and has ε inside the root', () => {
    const [lr, gamma, rho, epsilon] = [0.1, 0.5, 0.75, 0.25];
    const v1 = 0.75 + 0.25 * 0.25;
    const m1 = (lr / Math.sqrt(v1 + epsilon)) * 0.5;
    const v2 = 0.75 * v1 + 0.25;
    const m2 = gamma * m1 - lr / Math.sqrt(v2 + epsilon);
    const v3 = 0.75 * v2 + 0.25 * 4;
    const m3 = gamma * m2 + (lr / Math.sqrt(v3 + epsilon)) * 2;
    const expected = [1 - m1, 1 - m1 - m2, 1 - m1 - m2 - m3];
    const actual = trajectory('rmsprop', lr, { gamma, rho, epsilon }, 1, gradients);
    for (const [k, value] of expected.entries()) expect(actual[k]).toBeCloseTo(value, 14);
  });

  it.each(['adam', 'nadam'])('%s adds ε to the uncorrected root', (name) => {
    const [lr, beta1, beta2, epsilon] = [0.1, 0.5, 0.75, 0.25];
    let [m, v, p] = [0, 0, 1];
    const expected = gradients.map((g, t) => {
      m = beta1 * m + (1 - beta1) * g;
      v = beta2 * v + (1 - beta2) * g * g;
      const b = Math.sqrt(1 - beta2 ** (t + 1)) / (1 - beta1 ** (t + 1));
      const direction = name === 'adam' ? m : beta1 * m + (1 - beta1) * g;
      p -= (lr * b * direction) / (Math.sqrt(v) + epsilon);
      return p;
    });
    const actual = trajectory(name, lr, { beta1, beta2, epsilon }, 1, gradients);
    for (const [k, value] of expected.entries()) expect(actual[k]).toBeCloseTo(value, 14);
  });

  it('heavyball keeps the learning rate in its velocity', () => {
    // v = −0.25, 0.375, −0.8125
    expect(trajectory('heavyball', 0.5, { gamma: 0.5 }, 1, gradients)).toEqual([
      0.75, 1.125, 0.3125,
    ]);
  });

  it('amsgrad keeps the greatest second moment and corrects nothing', () => {
    const [lr, beta1, beta2, epsilon] = [0.1, 0.5, 0.75, 0.25];
    let [m, v, w, p] = [0, 0, 0, 1];
    const falling = [2, -1, 0.5, 0];
    const expected = falling.map((g) => {
      m = beta1 * m + (1 - beta1) * g;
      v = beta2 * v + (1 - beta2) * g * g;
      w = Math.max(w, v);
      p -= (lr * m) / (Math.sqrt(w) + epsilon);
      return p;
    });
    expect(v).toBeLessThan(w);
    const actual = trajectory('amsgrad', lr, { beta1, beta2, epsilon }, 1, falling);
    for (const [k, value] of expected.entries()) expect(actual[k]).toBeCloseTo(value, 14);
  });

  it.each(['adamw', 'nadamw'])('%s decays the parameter beside the step', (name) => {
    const hyperparameters = { beta1: 0.5, beta2: 0.75, epsilon: 0.25 };
    const [first = 0] = trajectory(name.slice(0, -1), 0.1, hyperparameters, 1, gradients);
    const [decayed = 0] = trajectory(name, 0.1, { ...hyperparameters, lambda: 0.5 }, 1, gradients);
    expect(first - decayed).toBeCloseTo(0.1 * 0.5, 14);
  });

  it('radam is adaptive from an average of length 4 on, torch’s from 5', () => {
    const hyperparameters = { beta1: 0.5, beta2: 0.9, epsilon: 1e-8 };
    const [ours, theirs] = (['paper', 'pytorch'] as const).map((variant) => {
      const optimizer = reference(getOptimizer('radam', variant), 1, 0.1, hyperparameters);
      const p = Float64Array.of(1);
      return Array.from({ length: 8 }, (_, t) => {
        optimizer.step(p, Float64Array.of(t + 1));
        return p[0] ?? Number.NaN;
      });
    });
    // 19 − 2 (t + 1) 0.9^(t + 1) / (1 − 0.9^(t + 1)) is 3.7, 4.6 and 5.4 at steps 4, 5 and 6.
    const differing = ours?.findIndex((value, t) => value !== theirs?.[t]);
    expect(differing).toBe(4);
  });
});

describe('relations', () => {
  const steps = fc.array(fc.double({ min: -10, max: 10, noNaN: true }), {
    minLength: 1,
    maxLength: 30,
  });
  const lr = fc.double({ min: 1e-4, max: 1, noNaN: true });

  it.each(['momentum', 'nesterov'])('%s with γ = 0 is sgd exactly', (name) => {
    fc.assert(
      fc.property(steps, lr, (g, rate) => {
        expect(trajectory(name, rate, { gamma: 0 }, 1, g)).toEqual(
          trajectory('sgd', rate, {}, 1, g),
        );
      }),
    );
  });

  it('momentum is in rmsprop as ε → ∞ with lr √ε', () => {
    fc.assert(
      fc.property(steps, lr, (g, rate) => {
        const epsilon = 1e20;
        const included = trajectory('momentum', rate, { gamma: 0.9 }, 1, g);
        const hyperparameters = { gamma: 0.9, rho: 0.5, epsilon };
        const actual = trajectory('rmsprop', rate * Math.sqrt(epsilon), hyperparameters, 1, g);
        for (const [k, value] of included.entries())
          expect(Math.abs((actual[k] ?? Number.NaN) - value)).toBeLessThan(
            1e-9 * (1 + Math.abs(value)),
          );
      }),
    );
  });

  it.each(optimizers.map((optimizer) => [compileRule(optimizer).name, optimizer] as const))(
    '%s stands still where the gradient has always been 0',
    (_, optimizer) => {
      const p = Float64Array.of(1.5, 0);
      const undecayed = 'lambda' in optimizer.hyperparameters ? { lambda: 0 } : {};
      const ours = reference(optimizer, 2, 0.1, undecayed);
      for (let t = 0; t < 100; t += 1) ours.step(p, Float64Array.of(0, 0), Float64Array.of(0, 0));
      expect([...p]).toEqual([1.5, 0]);
      for (const slot of Object.values(ours.state)) expect(slot.every(Number.isFinite)).toBe(true);
    },
  );
});

describe('registry', () => {
  it('has both variants of the six optimizers', () => {
    for (const name of ['sgd', 'momentum', 'nesterov', 'rmsprop', 'adam', 'nadam']) {
      expect(getOptimizer(name).name).toBe(name);
      expect(getOptimizer(name, 'pytorch').variants).toContain('pytorch');
    }
    expect(compileRule(getOptimizer('adam')).name).toBe('adam');
    expect(compileRule(getOptimizer('adam', 'pytorch')).name).toBe('adam/pytorch');
  });

  it('has each name and variant once, and defaults inside their domains', () => {
    const keys = optimizers.flatMap(({ name, variants }) => variants.map((v) => `${name}/${v}`));
    expect(new Set(keys).size).toBe(keys.length);
    for (const { lr, hyperparameters } of optimizers)
      for (const known of [lr, ...Object.values(hyperparameters)])
        expect(contains(known.domain, known.default)).toBe(true);
  });

  it('says what there is', () => {
    expect(() => getOptimizer('adma')).toThrow(/no optimizer 'adma'; there are sgd, momentum/);
    // @ts-expect-error: not a variant
    expect(() => getOptimizer('adam', 'jax')).toThrow(/no variant 'jax'; it has paper, pytorch/);
  });

  it('refuses hyperparameters that are unknown or outside their domain', () => {
    const adam = getOptimizer('adam');
    expect(() => reference(adam, 1, 0.1, { beta: 0.9 })).toThrow(
      "adam has no 'beta'; it has beta1, beta2, epsilon",
    );
    expect(() => reference(adam, 1, 0.1, { beta1: 1 })).toThrow(
      'adam: beta1 = 1 is outside [0, 1)',
    );
    expect(() => reference(adam, 1, 0.1, { epsilon: Number.NaN })).toThrow(/outside/);
  });

  it('refuses arrays of the wrong size', () => {
    const ours = reference(getOptimizer('sgd'), 2, 0.1);
    expect(() => ours.step(new Float64Array(3), new Float64Array(2))).toThrow(/expected 2/);
  });

  it('describes an optimizer as plain data', () => {
    const description = describeOptimizer(getOptimizer('nadam', 'pytorch'));
    expect(JSON.parse(JSON.stringify(description)).hyperparameters[0]).toMatchObject({
      name: 'lr',
      default: 0.002,
      domainText: '(0, ∞)',
    });
    expect(description.scalarState).toEqual([{ name: 'mu_product', init: 1 }]);
  });
});
