import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { EngineInfo } from './engine-info.js';
import type { BatchValues, Metrics, Trainer, TrainerOptions, TrainResult } from './types.js';

/** What the native code exports. `abort` is set to 1 by the main thread to stop between two steps. */
export interface Addon {
  Trainer: new (options: TrainerOptions) => NativeTrainer;
  info(): Omit<EngineInfo, 'addon'>;
}

export interface NativeTrainer
  extends Pick<
    Trainer,
    | 'step'
    | 'observe'
    | 'checkpoint'
    | 'restore'
    | 'parameterNames'
    | 'stateNames'
    | 'getParameter'
    | 'setParameter'
    | 'getGradient'
    | 'predict'
    | 'profile'
    | 'profileUpdate'
    | 'memory'
    | 'dispose'
  > {
  ready(): Promise<void>;
  train(steps: number, abort: Int32Array): Promise<TrainResult>;
  evaluate(split: string, abort: Int32Array): Promise<Metrics>;
  stepOn(
    inputs: BatchValues | readonly BatchValues[],
    labels: BatchValues | undefined,
    update: boolean,
  ): Promise<number>;
  kernelName(): string;
}

const loaded: { addon?: Addon; path?: string } = {};

/** Loads the addon at first use. Throws an Error that says what to run when it is missing or does not load. */
export function loadAddon(): Addon {
  if (loaded.addon) return loaded.addon;
  const path = addonPath();
  try {
    loaded.addon = createRequire(import.meta.url)(path) as Addon;
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new Error(
      `optcmp's native core ${path} does not load: ${reason}\nBuild it again: npm run build:native`,
      { cause },
    );
  }
  return loaded.addon;
}

/** Where the addon is: the one built here, which is there only when needed, else a prebuilt one for this platform. */
export function addonPath(): string {
  if (loaded.path) return loaded.path;
  const root = packageRoot();
  const candidates = [
    join(root, 'build', 'Release', 'optcmp.node'),
    join(root, 'prebuilds', `${process.platform}-${process.arch}`, 'optcmp.node'),
  ];
  const path = candidates.find((candidate) => existsSync(candidate));
  if (path === undefined) {
    throw new Error(
      `optcmp's native core is not built. Run: npm run build:native (in ${root})\nLooked for:\n  ${candidates.join('\n  ')}`,
    );
  }
  loaded.path = path;
  return path;
}

/** The nearest folder above with a package.json: this file may be in src/ or dist/. */
function packageRoot(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, 'package.json')) && folder !== dirname(folder)) {
    folder = dirname(folder);
  }
  return folder;
}
