import { formatCode } from '../expression/format-code.js';
import { columns } from '../text/columns.js';
import type { Attribute, Initializer, Op, Program, Tensor } from './program.js';

/** A program as text: its parameters with their starts, then one line an op, `%k` being tensor k. */
export function printProgram(program: Program): string {
  const { name, mode, batchSize, tensors, ops } = program;
  const parameters = tensors.flatMap((tensor, id) =>
    tensor.role === 'parameter' ? [[`  %${id}`, ...describe(tensor), start(tensor)]] : [],
  );
  const given = tensors.flatMap((tensor, id) =>
    ['input', 'label', 'constant'].includes(tensor.role)
      ? [[`  %${id}`, ...describe(tensor), tensor.role]]
      : [],
  );
  return [
    `program ${name} (${mode}), batch size ${batchSize}`,
    'given',
    ...columns(given),
    'parameters',
    ...columns(parameters),
    'ops',
    ...columns(ops.map((op) => opRow(op, tensors))),
    '',
  ].join('\n');
}

const describe = ({ name, dtype, shape }: Tensor): string[] => [
  name,
  `${dtype}[${shape.join(', ')}]`,
];

function start({ initializer, decay, data }: Tensor): string {
  const from = data ? 'values from the file' : initializer ? formatInitializer(initializer) : '';
  return decay ? `${from}, decays` : from;
}

function formatInitializer({ kind, ...values }: Initializer): string {
  const inside = Object.entries(values).map(([key, value]) => `${key} ${value}`);
  return inside.length > 0 ? `${kind}(${inside.join(', ')})` : kind;
}

function opRow(
  { kind, name, inputs, outputs, attributes }: Op,
  tensors: readonly Tensor[],
): string[] {
  const results = outputs.map((id) => {
    const tensor = tensors[id];
    const role = tensor?.role === 'temporary' ? '' : ` ${tensor?.role}`;
    return `%${id} [${tensor?.shape.join(', ')}]${role}`;
  });
  const shown = Object.entries(attributes).filter(([, value]) => value !== false);
  const settings = shown.map(([key, value]) => formatAttribute(key, value)).join(' ');
  const call = `${kind}(${inputs.map((id) => `%${id}`).join(', ')})`;
  return [`  ${results.join(', ')}`, `= ${call}`, settings, `# ${name}`];
}

function formatAttribute(key: string, value: Attribute): string {
  if (value === true) return key;
  if (Array.isArray(value)) return `${key}=[${value.join(',')}]`;
  return typeof value === 'object' ? `{ ${formatCode(value)} }` : `${key}=${value}`;
}
