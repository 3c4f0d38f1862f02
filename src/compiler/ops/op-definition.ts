import type { Shape } from '../dimension.js';
import type { Node, Value } from '../graph.js';
import type { DataType, Initializer } from '../program.js';
import type { AttributesOf, OpKind } from './index.js';
import type { ReferenceContext } from './reference-context.js';

/** A node as the rules of its op see it. */
export interface NodeView<A> {
  readonly name: string;
  readonly inputs: readonly Value[];
  readonly outputs: readonly Value[];
  readonly attributes: A;
}

/** What a gradient rule needs from the pass that applies it. */
export interface Tape {
  /** Whether anybody wants the gradient of this value. */
  needs(value: Value | undefined): value is Value;
  /** Adds an op of the backward pass whose outputs are shaped like the values given; returns them. */
  emit<K extends OpKind>(
    kind: K,
    inputs: readonly Value[],
    like: readonly Value[],
    attributes: AttributesOf<K>,
  ): Value[];
  /** Sums or reshapes `dy` back to the shape that broadcasting started from. */
  unbroadcast(dy: Value, to: Value): Value;
}

/** The shapes of a concrete op. */
export interface ConcreteShapes {
  readonly inputs: readonly (readonly number[])[];
  readonly outputs: readonly (readonly number[])[];
}

/**
 * Everything the compiler knows of an op. `A` are its attributes, as they stand in a `Program`.
 * An op of the engine is one of these and a file of the same name in `native/ops`.
 */
export interface OpDefinition<A = Record<never, never>> {
  /** The shapes of the outputs, after checking that the inputs fit together. Absent for ops that only the compiler emits. */
  shapes?(inputs: readonly Shape[], attributes: A): readonly Shape[];
  /** Type of the first output. Default f32. */
  readonly dtype?: DataType;
  /** Outputs after the first: what is appended to the node's name, and their type (f32 when left out). */
  secondary?: readonly { readonly suffix: string; readonly dtype?: DataType }[];
  /** Whether it only moves elements: its outputs have the type of its first input. */
  keepsType?: true;
  /** Inputs that are whole numbers (i32), by their place; others are floats. */
  wholeInputs?: readonly number[];
  /** How many outputs it always has; later ones are made only where something reads them. Default 1. */
  requiredOutputs?: number;
  /**
   * Gradients of the inputs, in order, from those of the outputs (`undefined` where the loss does not depend on one);
   * `undefined` where none is wanted. Exact: each rule is checked against finite differences.
   * Absent for ops through which no gradient flows.
   */
  gradient?(
    node: NodeView<A>,
    dy: readonly (Value | undefined)[],
    tape: Tape,
  ): readonly (Value | undefined)[];
  /** Whether its outputs depend on chance. */
  isRandom?(attributes: A): boolean;
  /** What it becomes in an evaluation where that is another op, which makes the first of the outputs. */
  evaluation?(node: NodeView<A>): Pick<Node, 'kind' | 'inputs' | 'attributes'>;
  /** How inputs that are parameters start, by their place, where no scheme of initialization decides it. */
  starts?: readonly (Initializer | undefined)[];
  /** A loss: its outputs are metrics, the first of them the loss, and after them the gradient of input 0. */
  loss?: true;
  /**
   * The reference's context with labels drawn from the distribution that the output predicts, of which the loss is the
   * negative log-likelihood. For losses with such a distribution.
   */
  atSampledLabels?(context: ReferenceContext<A>): ReferenceContext<A>;
  /** Floating-point operations of one execution, a multiply-add counted as two. */
  flops(shapes: ConcreteShapes, attributes: A): number;
  /** Computes the outputs in float64 with plain loops: slow and simple, what the engine is held against. */
  reference(context: ReferenceContext<A>): void;
}

/** Elements of a concrete shape. */
export const size = (shape: readonly number[] | undefined): number =>
  (shape ?? []).reduce((a, b) => a * b, 1);

/** One operation an element of the first output. */
export const perOutput = ({ outputs }: ConcreteShapes): number => size(outputs[0]);
