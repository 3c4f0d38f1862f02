import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { generateKernels } from '../../src/optimizers/generate-kernels.js';
import { generateRules } from '../../src/optimizers/generate-rules.js';
import { optimizers } from '../../src/optimizers/index.js';

const committed = (name: string) =>
  readFileSync(new URL(`../../native/optim/${name}`, import.meta.url), 'utf8');

/** When one fails: npm run build:ts && node dist/optimizers/codegen-main.js */
describe('generated C++ is up to date', () => {
  it('kernels.generated.hpp', () => {
    expect(committed('kernels.generated.hpp')).toBe(generateKernels(optimizers));
  });

  it('built_in_rules.generated.cpp', () => {
    expect(committed('built_in_rules.generated.cpp')).toBe(generateRules(optimizers));
  });
});
