import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  abs,
  add,
  average,
  type CompiledRule,
  compileRule,
  cos,
  defineOptimizer,
  div,
  type Expression,
  exp,
  floor,
  formula,
  getOptimizer,
  log,
  max,
  min,
  mul,
  named,
  neg,
  optimizers,
  positive,
  pow,
  reference,
  select,
  sign,
  sqrt,
  square,
  sub,
  tanh,
} from '../../src/optimizers/index.js';

const lr = { description: 'learning rate', default: 0.1, domain: positive, scale: 'log' } as const;
const base = { name: 'mine', title: 'Mine', source: 'a test', lr, hyperparameters: {} };
const known = { ...lr, description: 'known' };

/** Ops of the vector code, as a row. */
const vectorOps = (rule: CompiledRule) => rule.vector.instructions.map(({ op }) => op).join(' ');

describe('compileRule', () => {
  it('computes scalars once a step, in the scalar code', () => {
    const rule = compileRule(
      defineOptimizer({
        ...base,
        hyperparameters: { beta: known },
        rule: ({ p, g, t, lr, hyper: { beta } }) => ({
          p: sub(p, mul(g, lr, sqrt(sub(1, pow(beta, add(t, 1)))))),
        }),
      }),
    );
    expect(vectorOps(rule)).toBe('mul sub');
    expect(rule.scalar.inputs).toEqual(['t', 'lr', 'beta']);
    expect(rule.scalar.instructions.map(({ op }) => op)).toEqual([
      'add',
      'pow',
      'sub',
      'sqrt',
      'mul',
    ]);
    expect(rule.scalar.outputs.map(({ name }) => name)).toEqual(['c0']);
    expect(rule.vector.inputs).toEqual(['p', 'g', 'c0']);
  });

  it('computes equal subexpressions once, whoever built them', () => {
    const rule = compileRule(
      defineOptimizer({
        ...base,
        state: { v: 0 },
        rule: ({ p, g, state: { v } }) => ({ p: add(p, sqrt(add(v, g))), v: sqrt(add(v, g)) }),
      }),
    );
    expect(vectorOps(rule)).toBe('add sqrt add');
  });

  it('joins one scalar with itself once', () => {
    const rule = compileRule(
      defineOptimizer({ ...base, rule: ({ p, g, lr }) => ({ p: sub(p, mul(lr, lr, g)) }) }),
    );
    expect(rule.scalar.instructions).toEqual([{ op: 'mul', args: [{ in: 1 }, { in: 1 }] }]);
    expect(vectorOps(rule)).toBe('mul sub');
  });

  it('folds constants and drops what changes nothing', () => {
    const rule = compileRule(
      defineOptimizer({
        ...base,
        rule: ({ p, g }) => ({ p: add(div(mul(1, p), 1), mul(sub(3, 1), pow(g, 1)), 0) }),
      }),
    );
    expect(vectorOps(rule)).toBe('mul add');
    expect(rule.vector.instructions[0]?.args).toContainEqual({ const: 2 });
    expect(rule.scalar.instructions).toEqual([]);
  });

  it('does not fold 0 · x, which is NaN for an infinite x', () => {
    const rule = compileRule(
      defineOptimizer({ ...base, rule: ({ p, g }) => ({ p: add(p, mul(0, g)) }) }),
    );
    expect(vectorOps(rule)).toBe('mul add');
  });

  it('keeps a scalar state in the scalar code', () => {
    const optimizer = defineOptimizer({
      ...base,
      scalarState: { product: 1 },
      rule: ({ p, g, scalarState, t }) => {
        const product = mul(scalarState.product, div(1, add(t, 2)));
        return { p: sub(p, mul(product, g)), product };
      },
    });
    const rule = compileRule(optimizer);
    expect(rule.scalar.outputs.map(({ name }) => name)).toEqual(['c0', 'product']);
    const ours = reference(optimizer, 1, 0.1);
    const p = Float64Array.of(0);
    for (let t = 0; t < 3; t += 1) ours.step(p, Float64Array.of(-1));
    expect(ours.scalarState['product']).toBeCloseTo(1 / 24, 15);
    expect(p[0]).toBeCloseTo(1 / 2 + 1 / 6 + 1 / 24, 15);
  });

  it('is valid straight-line code for every built-in optimizer', () => {
    for (const rule of optimizers.map(compileRule)) {
      for (const code of [rule.scalar, rule.vector]) {
        const check = (operand: object, done: number) => {
          if ('op' in operand) expect(operand.op).toBeLessThan(done);
          if ('in' in operand) expect(operand.in).toBeLessThan(code.inputs.length);
        };
        for (const [k, { args }] of code.instructions.entries())
          for (const arg of args) check(arg, k);
        for (const { from } of code.outputs) check(from, code.instructions.length);
      }
      expect(rule.fingerprint).toMatch(/^[0-9a-f]{16}$/);
    }
  });

  it('gives one fingerprint to one vector program, whatever the names', () => {
    const rule = (name: string) =>
      compileRule(
        defineOptimizer({
          ...base,
          state: { [name]: 0 },
          rule: ({ p, g, state }) => {
            const [slot = p] = Object.values(state);
            const v = add(mul(0.5, slot), g);
            return { p: sub(p, v), [name]: v } as { p: Expression } & Record<string, Expression>;
          },
        }),
      );
    expect(rule('a').fingerprint).toBe(rule('b').fingerprint);
    expect(rule('a').fingerprint).not.toBe(compileRule(getOptimizer('sgd')).fingerprint);
  });

  it('means what the expression says, on random numbers', () => {
    const optimizer = defineOptimizer({
      ...base,
      hyperparameters: { h: known },
      state: { v: 0.5 },
      rule: ({ p, g, state: { v }, hyper: { h }, lr, t }) => ({
        p: add(
          mul(lr, sign(g), abs(p)),
          select(g, tanh(p), cos(div(p, add(h, 1)))),
          neg(min(p, g)),
          max(v, log(add(square(g), 1))),
          floor(mul(h, p)),
        ),
        v: average(exp(neg(h)), v, pow(abs(g), add(1, div(t, 10)))),
      }),
    });
    const finite = fc.double({ min: -5, max: 5, noNaN: true });
    fc.assert(
      fc.property(finite, finite, fc.double({ min: 0.01, max: 3, noNaN: true }), (p, g, h) => {
        const values = Float64Array.of(p);
        const ours = reference(optimizer, 1, 0.3, { h });
        ours.step(values, Float64Array.of(g));
        const expected =
          0.3 * Math.sign(g) * Math.abs(p) +
          (g > 0 ? Math.tanh(p) : Math.cos(p / (h + 1))) -
          Math.min(p, g) +
          Math.max(0.5, Math.log(g * g + 1)) +
          Math.floor(h * p);
        expect(values[0]).toBeCloseTo(expected, 12);
        const decay = Math.exp(-h);
        expect(ours.state['v']?.[0]).toBeCloseTo(decay * 0.5 + (1 - decay) * Math.abs(g), 12);
      }),
    );
  });
});

describe('defineOptimizer refuses', () => {
  it('a rule that forgets a state', () => {
    // @ts-expect-error: the type says so too
    const forget = () => defineOptimizer({ ...base, state: { v: 0 }, rule: ({ p }) => ({ p }) });
    expect(forget).toThrow("optimizer 'mine': the rule must return 'v'");
  });

  it('a scalar state that depends on elements', () => {
    const wrong = () =>
      defineOptimizer({
        ...base,
        scalarState: { q: 0 },
        // @ts-expect-error: the type says so too
        rule: ({ p, g }) => ({ p, q: g }),
      });
    expect(wrong).toThrow("the scalar state 'q' depends on single elements");
  });

  it.each(['lr', 'p', 'c3', 'a b', ''])('the name %j', (name) => {
    const wrong = () =>
      defineOptimizer({ ...base, hyperparameters: { [name]: known }, rule: ({ p }) => ({ p }) });
    expect(wrong).toThrow(`the name '${name}'`);
  });

  it('a name used twice', () => {
    const wrong = () =>
      defineOptimizer({
        ...base,
        hyperparameters: { v: known },
        state: { v: 0 },
        rule: ({ p, state }) => ({ p, v: state.v }),
      });
    expect(wrong).toThrow("the name 'v' is used twice");
  });
});

describe('formula', () => {
  it('is the rule of every optimizer', () => {
    const text = optimizers.map((optimizer) =>
      [compileRule(optimizer).name, ...formula(optimizer).text].join('\n'),
    );
    expect(text.join('\n\n')).toMatchInlineSnapshot(`
      "sgd
      θ ← θ − α g

      momentum
      v ← γ v + g
      θ ← θ − α v

      momentum/pytorch
      v ← γ v + (1 − dampening if t > 0 else 1) g
      θ ← θ − α v

      heavyball
      v ← γ v − α g
      θ ← θ + v

      nesterov
      v ← γ v + g
      θ ← θ − α (γ v + g)

      rmsprop
      v ← ρ v + (1 − ρ) g²
      m ← γ m + (α / √(v + ε)) g
      θ ← θ − m

      rmsprop/pytorch
      v ← ρ v + (1 − ρ) g²
      m ← γ m + g / (√v + ε)
      θ ← θ − α m

      rmsterov
      v ← ρ v + (1 − ρ) g²
      u = (α / √(v + ε)) g
      m ← γ m + u
      θ ← θ − (γ m + u)

      adam
      m ← β₁ m + (1 − β₁) g
      v ← β₂ v + (1 − β₂) g²
      b = √(1 − β₂^(t + 1)) / (1 − β₁^(t + 1))
      θ ← θ − α b m / (√v + ε)

      adam/pytorch
      m ← β₁ m + (1 − β₁) g
      v ← β₂ v + (1 − β₂) g²
      b₁ = 1 − β₁^(t + 1)
      b₂ = √(1 − β₂^(t + 1))
      θ ← θ − (α / b₁) (m / (√v / b₂ + ε))

      nadam
      m ← β₁ m + (1 − β₁) g
      v ← β₂ v + (1 − β₂) g²
      b = √(1 − β₂^(t + 1)) / (1 − β₁^(t + 1))
      θ ← θ − α b (β₁ m + (1 − β₁) g) / (√v + ε)

      nadam/pytorch
      μ = β₁ (1 − 0.5 · 0.96^(momentum_decay (t + 1)))
      μ_product ← μ_product μ
      m ← β₁ m + (1 − β₁) g
      v ← β₂ v + (1 − β₂) g²
      μ_next = β₁ (1 − 0.5 · 0.96^(momentum_decay (t + 2)))
      b₂ = 1 − β₂^(t + 1)
      θ ← θ − ((α (1 − μ) / (1 − μ_product)) g + (α μ_next / (1 − μ_product μ_next)) m) / (√(v / b₂) + ε)

      adamw
      m ← β₁ m + (1 − β₁) g
      v ← β₂ v + (1 − β₂) g²
      b = √(1 − β₂^(t + 1)) / (1 − β₁^(t + 1))
      θ ← (1 − α λ) θ − α b m / (√v + ε)

      adamw/pytorch
      m ← β₁ m + (1 − β₁) g
      v ← β₂ v + (1 − β₂) g²
      b₁ = 1 − β₁^(t + 1)
      b₂ = √(1 − β₂^(t + 1))
      θ ← (1 − α λ) θ − (α / b₁) (m / (√v / b₂ + ε))

      nadamw
      m ← β₁ m + (1 − β₁) g
      v ← β₂ v + (1 − β₂) g²
      b = √(1 − β₂^(t + 1)) / (1 − β₁^(t + 1))
      θ ← (1 − α λ) θ − α b (β₁ m + (1 − β₁) g) / (√v + ε)

      nadamw/pytorch
      μ = β₁ (1 − 0.5 · 0.96^(momentum_decay (t + 1)))
      μ_product ← μ_product μ
      m ← β₁ m + (1 − β₁) g
      v ← β₂ v + (1 − β₂) g²
      μ_next = β₁ (1 − 0.5 · 0.96^(momentum_decay (t + 2)))
      b₂ = 1 − β₂^(t + 1)
      θ ← (1 − α λ) θ − ((α (1 − μ) / (1 − μ_product)) g + (α μ_next / (1 − μ_product μ_next)) m) / (√(v / b₂) + ε)

      amsgrad
      m ← β₁ m + (1 − β₁) g
      v ← β₂ v + (1 − β₂) g²
      w ← max(w, v)
      θ ← θ − α m / (√w + ε)

      amsgrad/pytorch
      m ← β₁ m + (1 − β₁) g
      v ← β₂ v + (1 − β₂) g²
      w ← max(w, v)
      b₁ = 1 − β₁^(t + 1)
      b₂ = √(1 − β₂^(t + 1))
      θ ← θ − (α / b₁) (m / (√w / b₂ + ε))

      adamax
      m ← β₁ m + (1 − β₁) g
      u ← max(β₂ u, |g| + ε)
      b = 1 − β₁^(t + 1)
      θ ← θ − (α / b) m / u

      radam
      m ← β₁ m + (1 − β₁) g
      v ← β₂ v + (1 − β₂) g²
      b₁ = 1 − β₁^(t + 1)
      ρ_max = 2 / (1 − β₂) − 1
      b₂ = 1 − β₂^(t + 1)
      ρ = ρ_max − 2 · (t + 1) β₂^(t + 1) / b₂
      r = √max(0, (ρ − 4) (ρ − 2) ρ_max / ((ρ_max − 4) (ρ_max − 2) ρ))
      θ ← θ − (α / b₁) m (r √b₂ / (√v + ε) if ρ − 4 > 0 else 1)

      radam/pytorch
      m ← β₁ m + (1 − β₁) g
      v ← β₂ v + (1 − β₂) g²
      b₁ = 1 − β₁^(t + 1)
      ρ_max = 2 / (1 − β₂) − 1
      b₂ = 1 − β₂^(t + 1)
      ρ = ρ_max − 2 · (t + 1) β₂^(t + 1) / b₂
      r = √max(0, (ρ − 4) (ρ − 2) ρ_max / ((ρ_max − 4) (ρ_max − 2) ρ))
      θ ← θ − (α / b₁) m (r √b₂ / (√v + ε) if ρ − 5 > 0 else 1)

      adabelief
      m ← β₁ m + (1 − β₁) g
      s ← β₂ s + (1 − β₂) (g − m)² + ε
      b₁ = 1 − β₁^(t + 1)
      b₂ = √(1 − β₂^(t + 1))
      θ ← θ − (α / b₁) (m / (√s / b₂ + ε))

      adagrad
      s ← s + g²
      θ ← θ − α g / (√s + ε)

      adagrad/pytorch
      s ← s + g²
      θ ← θ − (α / (1 + t α_decay)) (g / (√s + ε))

      adadelta
      v ← ρ v + (1 − ρ) g²
      d = (√(u + ε) / √(v + ε)) g
      u ← ρ u + (1 − ρ) d²
      θ ← θ − α d

      adadelta/pytorch
      v ← ρ v + (1 − ρ) g²
      d = (√(u + ε) / √(v + ε)) g
      u ← ρ u + (1 − ρ) d²
      θ ← θ − α d

      qhm
      m ← β m + (1 − β) g
      θ ← θ − α (ν m + (1 − ν) g)

      qhadam
      m ← β₁ m + (1 − β₁) g
      v ← β₂ v + (1 − β₂) g²
      b₁ = 1 − β₁^(t + 1)
      b₂ = 1 − β₂^(t + 1)
      θ ← θ − α ((ν₁ (m / b₁) + (1 − ν₁) g) / (√(ν₂ (v / b₂) + (1 − ν₂) g²) + ε))

      signsgd
      θ ← θ − α sign(g)

      signum
      m ← β m + (1 − β) g
      θ ← θ − α sign(m)

      lion
      θ ← θ − α (sign(β₁ m + (1 − β₁) g) + λ θ)
      m ← β₂ m + (1 − β₂) g

      sophia-g
      m ← β₁ m + (1 − β₁) g
      k = max(1, round(every))
      due = equal(t, k floor(t / k))
      h ← β₂ h + (1 − β₂) ĝ² if due > 0 else h
      r = m / max(γ h, ε)
      θ ← (1 − α λ) θ − α max(min(r, 1), −1)

      lars
      trust = min(η ‖θ‖ / (‖g‖ + λ ‖θ‖ + ε) if ‖g‖ > 0 else 1 if ‖θ‖ > 0 else 1, max_trust)
      v ← γ v + α trust (g + λ θ)
      θ ← θ − v

      lamb
      m ← β₁ m + (1 − β₁) g
      v ← β₂ v + (1 − β₂) g²
      b₁ = 1 − β₁^(t + 1)
      b₂ = √(1 − β₂^(t + 1))
      u = (m / b₁) / (√v / b₂ + ε) + λ θ
      trust = min(‖θ‖ / ‖u‖ if ‖u‖ > 0 else 1 if ‖θ‖ > 0 else 1, max_trust)
      θ ← θ − α trust u

      adafactor
      β₂ = 1 − (t + 1)^(0 − decay)
      r ← β₂ r + (1 − β₂) (row_sums(g² + ε) / columns)
      c ← β₂ c + (1 − β₂) (column_sums(g² + ε) / rows)
      u = g / √((r / (sum(r) / rows)) c)
      θ ← θ − α max(ε₂, ‖θ‖ / √(rows columns)) (u / max(1, (‖u‖ / √(rows columns)) / d))

      adafactor/pytorch
      β₂ = 1 − (t + 1)^(0 − decay)
      r ← β₂ r + (1 − β₂) (row_sums(g²) / columns)
      c ← β₂ c + (1 − β₂) (column_sums(g²) / rows)
      u = g / √max((r / max(sum(r) / rows, ε)) c, ε²)
      θ ← (1 − α λ) θ − min(α, 1 / √(t + 1)) max(ε₂, ‖θ‖ / √(rows columns)) (u / max(1, (‖u‖ / √(rows columns)) / d))

      muon
      m ← γ m + (1 − γ) g
      θ ← (1 − α λ) θ − α √max(1, rows / columns) orthogonalize((γ m + (1 − γ) g) / max(‖γ m + (1 − γ) g‖, 1e-7))

      shampoo
      m ← γ m + (1 − γ) g
      l ← l + gram(g)
      k = max(1, round(every))
      due = equal(t, k floor(t / k))
      a ← (l + ε I)^(−1/(2 axes)) if due > 0 else a
      θ ← θ − α along(a, m)

      soap
      m ← β₁ m + (1 − β₁) g if t > 0 else 0
      k = max(1, round(every))
      due = equal(t, k floor(t / k))
      later = less(0, t) due
      w = β₂ v + (1 − β₂) (qlᵀ g qr)² if t > 0 else 0
      l ← β₂ l + (1 − β₂) g gᵀ
      sort_l = sorting(l, ql) if later > 0 else ql
      r ← β₂ r + (1 − β₂) gᵀ g
      sort_r = sorting(r, qr) if later > 0 else qr
      half = w sort_r if later > 0 else w
      v ← sort_lᵀ half if later > 0 else w
      sorted_l = ql sort_l if later > 0 else ql
      product_l = l sorted_l if later > 0 else ql
      turned_l = orthonormal(product_l) if later > 0 else ql
      sorted_r = qr sort_r if later > 0 else qr
      product_r = r sorted_r if later > 0 else qr
      turned_r = orthonormal(product_r) if later > 0 else qr
      b = √(1 − β₂^t) / (1 − β₁^t)
      n = qlᵀ m qr / (√w + ε)
      θ ← (1 − α λ) (θ − α b ql n qrᵀ) if t > 0 else θ
      ql ← eigenvectors(l) if equal(t, 0) > 0 else turned_l
      qr ← eigenvectors(r) if equal(t, 0) > 0 else turned_r

      schedulefree-sgd
      α_max ← max(α_max, α)
      weights ← weights + α_max²
      c = α_max² / weights if weights > 0 else 0
      step = α g
      θ ← θ + c d − (1 − β (1 − c)) step
      d ← (1 − c) (d − β step)
      θ_eval = θ − ((1 − β) / β) d

      schedulefree-adamw
      α_max ← max(α_max, α)
      weights ← weights + α_max²
      c = α_max² / weights if weights > 0 else 0
      b = 1 − β₂^(t + 1)
      v ← β₂ v + (1 − β₂) g²
      step = α (g / (√(v / b) + ε) + λ θ)
      θ ← θ + c d − (1 − β₁ (1 − c)) step
      d ← (1 − c) (d − β₁ step)
      θ_eval = θ − ((1 − β₁) / β₁) d

      dadapt-adam
      d_before = d if t > 0 else d₀
      root = √β₂
      rate = α d_before
      r ← root r + (1 − root) rate total(g (s / (√v + ε)))
      m ← β₁ m + (1 − β₁) rate g
      v ← β₂ v + (1 − β₂) g²
      s ← root s + (1 − root) rate g
      size = total(|s|)
      d ← max(d_before, r / ((1 − root) size) if size > 0 else 0)
      θ ← (1 − rate λ) θ − m / (√v + ε)

      prodigy
      d_before = d if t > 0 else d₀
      rate = α d_before
      w = (d_before / d₀) rate
      m ← β₁ m + (1 − β₁) d_before g
      v ← β₂ v + (1 − β₂) (d_before g)²
      s ← √β₂ s + w g
      size = total(|s|)
      start ← start if t > 0 else θ
      r ← √β₂ r + w total(g (start − θ))
      d ← max(d_before, d_factor (r / size if size > 0 else 0))
      θ ← (1 − rate λ) θ − rate m / (√v + d ε)"
    `);
  });

  it('is LaTeX too', () => {
    expect(formula(getOptimizer('rmsprop')).latex).toEqual([
      'v \\leftarrow \\rho \\, v + \\left(1 - \\rho\\right) \\, g^{2}',
      'm \\leftarrow \\gamma \\, m + \\frac{\\alpha}{\\sqrt{v + \\epsilon}} \\, g',
      '\\theta \\leftarrow \\theta - m',
    ]);
  });

  it('reads an old value before it is replaced', () => {
    const optimizer = defineOptimizer({
      ...base,
      state: { v: 0 },
      rule: ({ p, g, state: { v } }) => ({ p: sub(p, v), v: add(v, g) }),
    });
    expect(formula(optimizer).text).toEqual(['θ ← θ − v', 'v ← v + g']);
  });

  it('primes a new value that is needed together with the old one', () => {
    const optimizer = defineOptimizer({
      ...base,
      state: { v: 0 },
      rule: ({ p, g, state }) => {
        const v = add(state.v, g);
        return { p: sub(p, mul(v, state.v)), v };
      },
    });
    expect(formula(optimizer).text).toEqual(['v′ = v + g', 'θ ← θ − v′ v', 'v ← v′']);
  });

  it('has a line for each named part, and parentheses where they are needed', () => {
    const optimizer = defineOptimizer({
      ...base,
      rule: ({ p, g, lr }) => {
        const half = named('half', mul(0.5, g));
        return { p: sub(p, sub(mul(lr, div(half, neg(g))), square(add(p, half)))) };
      },
    });
    expect(formula(optimizer).text).toEqual([
      'half = 0.5 · g',
      'θ ← θ − (α (half / (−g)) − (θ + half)²)',
    ]);
  });
});
