/** Imports a module of `scripts/lib`, which is plain JavaScript, as the type that the caller states. */
export function loadScript<T>(name: string): Promise<T> {
  return import(new URL(`../../scripts/lib/${name}.js`, import.meta.url).href);
}
