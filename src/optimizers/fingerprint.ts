import type { Code, Operand } from '../expression/code.js';

/**
 * Hash of vector code that does not depend on names: FNV-1a (64 bit) of its canonical text, as 16 hexadecimal
 * digits. native/optim/rule.cpp computes the same.
 */
export function fingerprint(
  vector: Code,
  state: readonly string[],
  isSpread: (name: string) => boolean,
): string {
  const inputs = canonicalInputs(vector, state, isSpread);
  const text = (operand: Operand): string => {
    if ('const' in operand) return `#${bits(operand.const)}`;
    return 'in' in operand ? `${inputs[operand.in]}` : `%${operand.op}`;
  };
  const instructions = vector.instructions.map(
    ({ op, args }) => `${[op, ...args.map(text)].join(' ')};`,
  );
  const outputs = ['p', ...state].map((name, index) => {
    const output = vector.outputs.find((candidate) => candidate.name === name);
    if (!output) throw new Error(`vector code has no output '${name}'`);
    return `${index === 0 ? 'p' : `s${index - 1}`}=${text(output.from)};`;
  });
  return fnv1a([...instructions, ...outputs].join(''));
}

/** `p`, `g`, `s<slot>`, `x<k>` for the k-th other value of elements, and `c<k>` for the k-th coefficient. */
export function canonicalInputs(
  vector: Code,
  state: readonly string[],
  isSpread: (name: string) => boolean,
): string[] {
  let coefficients = 0;
  let values = 0;
  return vector.inputs.map((name) => {
    if (name === 'p' || name === 'g') return name;
    const slot = state.indexOf(name);
    if (slot >= 0) return `s${slot}`;
    return isSpread(name) ? `x${values++}` : `c${coefficients++}`;
  });
}

function bits(value: number): string {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, value);
  return view.getBigUint64(0).toString(16).padStart(16, '0');
}

function fnv1a(text: string): string {
  let hash = 0xcbf29ce484222325n;
  for (const byte of new TextEncoder().encode(text))
    hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n);
  return hash.toString(16).padStart(16, '0');
}
