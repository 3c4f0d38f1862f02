import type { Attribute, Op, OpKind, Program, Tensor } from '../../src/compiler/program.js';

/** Builds programs by hand: adds tensors and ops by name. */
export class ProgramBuilder {
  readonly tensors: Tensor[] = [];
  readonly ops: Op[] = [];
  readonly mode: Program['mode'];
  readonly batchSize: number;

  constructor(mode: Program['mode'], batchSize: number) {
    this.mode = mode;
    this.batchSize = batchSize;
  }

  tensor(
    name: string,
    shape: number[],
    role: Tensor['role'] = 'temporary',
    more: Partial<Tensor> = {},
  ): number {
    const dtype = role === 'label' ? 'i32' : 'f32';
    this.tensors.push({ name, shape, role, dtype, ...more });
    return this.tensors.length - 1;
  }

  op(
    kind: OpKind,
    inputs: number[],
    outputs: number[],
    attributes: Record<string, Attribute> = {},
  ): void {
    this.ops.push({ kind, name: `${kind}_${this.ops.length}`, inputs, outputs, attributes });
  }

  program(): Program {
    const { mode, batchSize, tensors, ops } = this;
    return { name: `test ${mode}`, mode, batchSize, tensors, ops };
  }
}

/** in → hidden (ReLU) → classes. */
export function mlp(
  mode: Program['mode'],
  batch: number,
  inputs: number,
  hidden: number,
  classes: number,
): Program {
  const b = new ProgramBuilder(mode, batch);
  const parameter = (name: string, shape: number[], fanIn: number) =>
    b.tensor(name, shape, 'parameter', {
      initializer: { kind: 'pytorch', fanIn, fanOut: shape[0] ?? 1 },
      decay: shape.length > 1,
    });
  const x = b.tensor('x', [batch, inputs], 'input');
  const labels = b.tensor('labels', [batch], 'label', { limit: classes });
  const w1 = parameter('w1', [hidden, inputs], inputs);
  const b1 = parameter('b1', [hidden], inputs);
  const w2 = parameter('w2', [classes, hidden], hidden);
  const b2 = parameter('b2', [classes], hidden);
  const h = b.tensor('h', [batch, hidden]);
  const logits = b.tensor('logits', [batch, classes]);
  const loss = b.tensor('cross_entropy', [], 'metric');
  const errors = b.tensor('classification_error', [], 'metric');
  b.op('dense', [x, w1, b1], [h], { transposed: true, relu: true });
  b.op('dense', [h, w2, b2], [logits], { transposed: true });
  if (mode === 'evaluate') {
    b.op('softmax_cross_entropy', [logits, labels], [loss, errors]);
    return b.program();
  }
  const gradient = (of: number) =>
    b.tensor(`d_${b.tensors[of]?.name}`, b.tensors[of]?.shape ?? [], 'gradient', { parameter: of });
  const dlogits = b.tensor('dlogits', [batch, classes]);
  const dh = b.tensor('dh', [batch, hidden]);
  const da = b.tensor('da', [batch, hidden]);
  b.op('softmax_cross_entropy', [logits, labels], [loss, errors, dlogits]);
  b.op('dense_grad_weight', [h, dlogits], [gradient(w2), gradient(b2)], { transposed: true });
  b.op('dense_grad_input', [dlogits, w2], [dh], { transposed: true });
  b.op('relu_grad', [dh, h], [da]);
  b.op('dense_grad_weight', [x, da], [gradient(w1), gradient(b1)], { transposed: true });
  return b.program();
}
