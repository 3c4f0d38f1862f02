import { TensorProto_DataType as DataType, type TensorProto } from './onnx_pb.js';

/** Kinds of elements the compiler calculates with; ONNX's integer types are one, its floating-point types another. */
export type ElementKind = 'float' | 'int' | 'bool';

export interface ElementType {
  kind: ElementKind;
  /** In `raw_data`. */
  bytes: number;
  read(view: DataView, offset: number): number;
  /** The field that holds values of this type where `raw_data` does not, one a value. */
  field(tensor: TensorProto): readonly (number | bigint)[];
  /** What a value of `field` stands for. */
  decode?(value: number): number;
}

const { FLOAT, DOUBLE, FLOAT16, BFLOAT16 } = DataType;
const { INT8, INT16, INT32, INT64, UINT8, UINT16, UINT32, UINT64, BOOL } = DataType;
const int32s = (tensor: TensorProto) => tensor.int32Data;
const uint64s = (tensor: TensorProto) => tensor.uint64Data;

/** Of ONNX's element types those that can be read, by number. */
export const elementTypes: Readonly<Partial<Record<number, ElementType>>> = {
  [FLOAT]: float(
    4,
    (v, o) => v.getFloat32(o, true),
    (t) => t.floatData,
  ),
  [DOUBLE]: float(
    8,
    (v, o) => v.getFloat64(o, true),
    (t) => t.doubleData,
  ),
  [FLOAT16]: { ...float(2, (v, o) => half(v.getUint16(o, true)), int32s), decode: half },
  [BFLOAT16]: { ...float(2, (v, o) => brain(v.getUint16(o, true)), int32s), decode: brain },
  [INT8]: int(1, (v, o) => v.getInt8(o), int32s),
  [INT16]: int(2, (v, o) => v.getInt16(o, true), int32s),
  [INT32]: int(4, (v, o) => v.getInt32(o, true), int32s),
  [INT64]: int(
    8,
    (v, o) => toNumber(v.getBigInt64(o, true)),
    (t) => t.int64Data,
  ),
  [UINT8]: int(1, (v, o) => v.getUint8(o), int32s),
  [UINT16]: int(2, (v, o) => v.getUint16(o, true), int32s),
  [UINT32]: int(4, (v, o) => v.getUint32(o, true), uint64s),
  [UINT64]: int(8, (v, o) => toNumber(v.getBigUint64(o, true)), uint64s),
  [BOOL]: { ...int(1, (v, o) => Number(v.getUint8(o) !== 0), int32s), kind: 'bool' },
};

function float(bytes: number, read: ElementType['read'], field: ElementType['field']): ElementType {
  return { kind: 'float', bytes, read, field };
}

function int(bytes: number, read: ElementType['read'], field: ElementType['field']): ElementType {
  return { kind: 'int', bytes, read, field };
}

/** ONNX writes "to the end" as the largest 64-bit integer. */
export function toNumber(value: bigint): number {
  const number = Number(value);
  if (Number.isSafeInteger(number)) return number;
  return value > 0n ? Infinity : -Infinity;
}

/** IEEE 754 binary16. */
function half(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 0x1f) return fraction === 0 ? sign * Infinity : Number.NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** bfloat16: the upper half of a binary32. */
function brain(bits: number): number {
  const view = new DataView(new ArrayBuffer(4));
  view.setUint16(0, bits);
  return view.getFloat32(0);
}
