import { CompileError } from '../compile-error.js';
import { LIMITS } from '../limits.js';
import { isWeightless } from './calculated.js';
import type { Metadata } from './metadata.js';
import type { OnnxModel, OnnxTensor } from './onnx-model.js';

/** Says of stored tensors what they are, by name; `*` stands for any characters. */
export interface RoleNames {
  /** Trained. */
  readonly parameters?: readonly string[] | undefined;
  /** Parts of the model that nobody trains: masks, tables of positions. */
  readonly constants?: readonly string[] | undefined;
  /** Parameters that stay as they are stored. */
  readonly frozen?: readonly string[] | undefined;
}

export interface TensorRole {
  role: 'parameter' | 'frozen' | 'constant';
  /** What decided it, for reports. */
  reason: string;
}

/**
 * What each stored tensor is. The first that says something decides: the names given, the file's metadata, what
 * an operator takes for a setting, what PyTorch's exporter noted of it or of what it is calculated from, and at last the tensor: a scalar is a constant, and
 * so is one matrix that is recognisably a mask (square, of two values in triangles or with entries of −10⁴ and below)
 * or a table of sines and cosines. Everything else is trained.
 */
export class Roles {
  readonly #patterns: { role: TensorRole['role']; pattern: string; regexp: RegExp }[];
  readonly #metadata: Metadata | undefined;
  readonly #model: OnnxModel;
  readonly #scattered: ReadonlySet<string>;
  /** What layers have. */
  readonly #weights: ReadonlySet<string>;
  readonly #isPytorch: boolean;
  readonly #epsilons: ReadonlySet<string>;
  /** By tensor the operator that it is a setting of. */
  readonly #settings: ReadonlyMap<string, string>;

  /** @throws {CompileError} when a name given fits no tensor of the model. */
  constructor(model: OnnxModel, metadata: Metadata | undefined, names: RoleNames) {
    const patterns = (role: TensorRole['role'], list: readonly string[] = []) =>
      list.map((pattern) => ({ role, pattern, regexp: globPattern(pattern) }));
    this.#patterns = [
      ...patterns('frozen', names.frozen),
      ...patterns('constant', names.constants),
      ...patterns('parameter', names.parameters),
    ];
    this.#metadata = metadata;
    this.#model = model;
    this.#scattered = scatteredAlone(model);
    this.#settings = settingsOf(model);
    this.#weights = weightsOf(model);
    this.#epsilons = addedBeforeRoots(model);
    this.#isPytorch = model.producer.startsWith('pytorch');
    const tensors = [...model.initializers.keys(), ...model.inputs.map(({ name }) => name)];
    for (const { role, pattern, regexp } of this.#patterns) {
      if (tensors.some((name) => regexp.test(name))) continue;
      throw new CompileError(
        `"${pattern}" is to be ${role === 'frozen' ? 'frozen' : `a ${role}`}, but no tensor of the model has that name`,
      );
    }
  }

  of(tensor: OnnxTensor): TensorRole {
    const { name } = tensor;
    return (
      this.#given(name) ??
      this.#recorded(name) ??
      this.#setting(name) ??
      this.#noted(name) ??
      this.#calculated(name) ??
      this.#unnoted(tensor) ??
      this.#number(tensor) ??
      guess(tensor)
    );
  }

  #given(name: string): TensorRole | undefined {
    const match = this.#patterns.find(({ regexp }) => regexp.test(name));
    return match && { role: match.role, reason: `named by "${match.pattern}"` };
  }

  #recorded(name: string): TensorRole | undefined {
    if (this.#metadata === undefined) return undefined;
    const { parameters, frozen } = this.#metadata;
    const reason = 'by the metadata of the file';
    if (frozen.includes(name)) return { role: 'frozen', reason };
    return { role: parameters.includes(name) ? 'parameter' : 'constant', reason };
  }

  #setting(name: string): TensorRole | undefined {
    const opType = this.#settings.get(name);
    return opType === undefined
      ? undefined
      : { role: 'constant', reason: `a setting of ${opType}` };
  }

  #noted(name: string): TensorRole | undefined {
    const kind = this.#model.signature.get(name);
    if (kind === undefined) return undefined;
    const role = kind === 'PARAMETER' ? 'parameter' : 'constant';
    return { role, reason: `PyTorch's exporter noted ${kind}` };
  }

  #calculated(name: string): TensorRole | undefined {
    if (!isWeightless(this.#model, name)) return undefined;
    return { role: 'constant', reason: "PyTorch's exporter calculated it from no parameter" };
  }

  /**
   * PyTorch names what a module has, and writes its numbers as such. Other exporters store numbers as tensors of one
   * element, with as many axes as what they are added to; as weights are no others.
   */
  #number({ name, dims }: OnnxTensor): TensorRole | undefined {
    if (dims.some((length) => length !== 1)) return undefined;
    if (this.#epsilons.has(name)) return { role: 'constant', reason: 'added before a square root' };
    const isWeight = dims.length < 2 || this.#isPytorch || this.#weights.has(name);
    return isWeight ? undefined : { role: 'constant', reason: 'a number' };
  }

  /**
   * Where the exporter notes the tensors of the model, a number without a note is the exporter's own, and so is what
   * is only put into places of another tensor, as masks are made.
   */
  #unnoted({ name, dims }: OnnxTensor): TensorRole | undefined {
    if (this.#model.signature.size === 0 || this.#model.calculated.has(name)) return undefined;
    const isNumber = dims.every((length) => length === 1);
    if (!isNumber && !this.#scattered.has(name)) return undefined;
    return {
      role: 'constant',
      reason: `${isNumber ? 'a number' : 'a mask'} of PyTorch's exporter`,
    };
  }
}

/** What keeps the square root of a variance away from 0. */
function addedBeforeRoots({ nodes }: OnnxModel): Set<string> {
  const roots = new Set(nodes.flatMap(({ opType, inputs }) => (opType === 'Sqrt' ? inputs : [])));
  const sums = nodes.filter(
    ({ opType, outputs }) => opType === 'Add' && outputs.some((name) => roots.has(name)),
  );
  return new Set(sums.flatMap(({ inputs }) => inputs));
}

/** What layers read, and what is added to what they make. */
function weightsOf({ nodes }: OnnxModel): Set<string> {
  const layers = nodes.filter(({ opType }) => WEIGHTED.test(opType));
  const made = new Set(layers.flatMap(({ outputs }) => outputs));
  const sums = nodes.filter(
    ({ opType, inputs }) => opType === 'Add' && inputs.some((name) => made.has(name)),
  );
  return new Set([...layers, ...sums].flatMap(({ inputs }) => inputs));
}

const WEIGHTED = /^(Conv|ConvTranspose|Gemm|MatMul|PRelu|LSTM|GRU|RNN|.*Normalization)$/;

/** The inputs of operators, by their places, that say what to do rather than to what. */
const SETTINGS: Readonly<Record<string, readonly number[]>> = {
  Resize: [1, 2],
  Upsample: [1],
  OneHot: [2],
  RotaryEmbedding: [1, 2],
};

function settingsOf({ nodes }: OnnxModel): Map<string, string> {
  return new Map(
    nodes.flatMap(({ opType, inputs }) => {
      const places = Object.hasOwn(SETTINGS, opType) ? (SETTINGS[opType] ?? []) : [];
      return places.flatMap((k) => (inputs[k] ? [[inputs[k], opType] as const] : []));
    }),
  );
}

/** The tensors that no node but those that scatter reads. */
function scatteredAlone({ nodes }: OnnxModel): Set<string> {
  const [scatters, others] = [true, false].map((wanted) =>
    nodes.filter(({ opType }) => opType.startsWith('Scatter') === wanted),
  );
  const read = new Set(others?.flatMap(({ inputs }) => inputs));
  return new Set(scatters?.flatMap(({ inputs }) => inputs).filter((name) => !read.has(name)));
}

function globPattern(glob: string): RegExp {
  const parts = glob.split('*').map((part) => part.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`, 's');
}

function guess(tensor: OnnxTensor): TensorRole {
  const { dims } = tensor;
  if (dims.length === 0) return { role: 'constant', reason: 'a scalar' };
  const [rows = 0, columns = 0] = dims.slice(-2);
  const count = dims.reduce((a, b) => a * b, 1);
  // Larger tensors are weights; they are not read to find out.
  if (dims.length >= 2 && count === rows * columns && count <= LIMITS.knownItems) {
    const values = tensor.values();
    if (rows === columns && isMask(values, rows)) {
      return { role: 'constant', reason: 'looks like a mask' };
    }
    if (isPositions(values, rows, columns)) {
      return { role: 'constant', reason: 'looks like a table of sines and cosines' };
    }
  }
  return { role: 'parameter', reason: 'a stored float tensor' };
}

const FORBIDDEN = -1e4;

function isMask(values: ArrayLike<number>, length: number): boolean {
  const seen = new Set<number>();
  for (let i = 0; i < values.length; i++) {
    const value = values[i] ?? 0;
    if (value <= FORBIDDEN) return true;
    if (seen.size <= 2) seen.add(value);
  }
  if (length < 2 || seen.size !== 2 || !seen.has(0)) return false;
  const isZeroJust = (where: (row: number, column: number) => boolean) => {
    for (let i = 0; i < values.length; i++) {
      if (where(Math.floor(i / length), i % length) !== (values[i] === 0)) return false;
    }
    return true;
  };
  return isZeroJust((row, column) => column > row) || isZeroJust((row, column) => column <= row);
}

/** Sines in even and cosines in odd columns, or the one half sines and the other cosines. */
function isPositions(values: ArrayLike<number>, rows: number, width: number): boolean {
  if (width % 2 !== 0 || width < 4 || rows < 2) return false;
  const half = width / 2;
  const onCircle = (sine: (pair: number) => number, cosine: (pair: number) => number) => {
    for (let row = 0; row < rows; row++) {
      for (let pair = 0; pair < half; pair++) {
        const s = values[row * width + sine(pair)] ?? 0;
        const c = values[row * width + cosine(pair)] ?? 0;
        if (Math.abs(s * s + c * c - 1) > 1e-3) return false;
      }
    }
    return true;
  };
  return (
    onCircle(
      (k) => 2 * k,
      (k) => 2 * k + 1,
    ) ||
    onCircle(
      (k) => k,
      (k) => half + k,
    )
  );
}
