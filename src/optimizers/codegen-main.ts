import { writeFileSync } from 'node:fs';
import { generateKernels } from './generate-kernels.js';
import { generateRules } from './generate-rules.js';
import { optimizers } from './index.js';

const folder = new URL('../../native/optim/', import.meta.url);
writeFileSync(new URL('kernels.generated.hpp', folder), generateKernels(optimizers));
writeFileSync(new URL('built_in_rules.generated.cpp', folder), generateRules(optimizers));
