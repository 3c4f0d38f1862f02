import { addonPath, loadAddon } from './load-addon.js';

export interface EngineInfo {
  /** oneDNN's version, e.g. `2.6.3`. */
  onednn: string;
  /** The instruction set that oneDNN uses on this CPU, e.g. `avx512_core`. */
  isa: string;
  /** How oneDNN computes products in bf16 on this CPU: by instructions for it, slowly by others, or not at all. */
  bf16: 'native' | 'emulated' | 'none';
  /** Why `precision: 'bf16'` is refused here; absent where it is not. */
  bf16Obstacle?: string;
  /** Path of the native addon. */
  addon: string;
}

/** What the engine is made of. Throws as `loadAddon`. */
export function engineInfo(): EngineInfo {
  return { ...loadAddon().info(), addon: addonPath() };
}
