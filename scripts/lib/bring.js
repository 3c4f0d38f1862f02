import { SetupError } from './run.js';

/**
 * A place that something can be found in, or be brought to.
 * @template T
 * @typedef {object} Source
 * @property {string} name as printed.
 * @property {() => T | undefined} find
 * @property {() => boolean} [possible] whether `bring` may be tried here.
 * @property {() => Promise<void>} [bring]
 */

/**
 * Takes what is there already, else brings it from the first source that can.
 * @template T
 * @param {string} what
 * @param {Source<T>[]} sources in order of preference.
 * @param {string} advice what the user can do when all fail.
 * @returns {Promise<{ value: T, from: string }>}
 */
export async function bring(what, sources, advice) {
  for (const source of sources) {
    const value = source.find();
    if (value !== undefined) return { value, from: source.name };
  }
  const failures = [];
  for (const source of sources.filter((s) => s.bring && s.possible?.() !== false)) {
    try {
      await source.bring();
    } catch (error) {
      if (!(error instanceof SetupError)) throw error;
      failures.push(`${source.name}: ${error.message}`);
      continue;
    }
    const value = source.find();
    if (value !== undefined) return { value, from: `${source.name}, brought now` };
    failures.push(`${source.name}: came, but without what is needed`);
  }
  throw new SetupError([`${what} is missing: ${advice}`, ...failures].join('\n\n'));
}
