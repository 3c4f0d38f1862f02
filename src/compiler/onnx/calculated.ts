import type { OnnxModel } from './onnx-model.js';

/** Whether PyTorch calculated a stored tensor when it exported. The older exporter numbers those, the newer notes it. */
export const isCalculated = ({ calculated }: OnnxModel, name: string): boolean =>
  calculated.has(name) || name.startsWith('onnx::');

/** Whether it was calculated from none of the module's parameters, as ranges, masks and tables of angles are. */
export function isWeightless({ calculated, moduleParameters }: OnnxModel, name: string): boolean {
  const sources = calculated.get(name);
  if (sources === undefined || moduleParameters === undefined) return false;
  return !sources.some((source) => moduleParameters.has(source));
}

/** Parameters that the file has twice over, as they are and in what was calculated from them. */
export function calculatedTwice(
  { calculated }: OnnxModel,
  parameters: ReadonlySet<string>,
): string[] {
  return [...parameters].flatMap((name) => {
    const sources = calculated.get(name)?.filter((source) => parameters.has(source)) ?? [];
    if (sources.length === 0) return [];
    const named = sources.map((source) => `"${source}"`).join(', ');
    return [
      `the exporter calculated "${name}" from ${named}, which the model reads too; they are trained apart, ` +
        'unlike in the module: export with optimize=False, or as docs/EXPORTING.md says',
    ];
  });
}
