import { createHash } from 'node:crypto';
import { create, type MessageInitShape, toBinary } from '@bufbuild/protobuf';
import { describe, expect, test } from 'vitest';
import {
  TensorProto_DataType as DataType,
  TensorProtoSchema,
} from '../../../src/compiler/onnx/onnx_pb.js';
import { parseOnnxTensor } from '../../../src/compiler/onnx/onnx-model.js';

const valuesOf = (fields: MessageInitShape<typeof TensorProtoSchema>, length: number) => {
  const proto = create(TensorProtoSchema, { ...fields, dims: [BigInt(length)] });
  return Array.from(parseOnnxTensor(toBinary(TensorProtoSchema, proto)).values());
};

const bytes = (array: { buffer: ArrayBufferLike }) => new Uint8Array(array.buffer);

describe('element types', () => {
  test.each<[string, number, { buffer: ArrayBufferLike }, number[]]>([
    ['FLOAT', DataType.FLOAT, Float32Array.of(1.5, -2), [1.5, -2]],
    ['DOUBLE', DataType.DOUBLE, Float64Array.of(1e-300, 2), [1e-300, 2]],
    [
      'FLOAT16',
      DataType.FLOAT16,
      Uint16Array.of(0x3c00, 0xc000, 1, 0x7c00),
      [1, -2, 2 ** -24, Infinity],
    ],
    ['BFLOAT16', DataType.BFLOAT16, Uint16Array.of(0x3f80, 0xc040), [1, -3]],
    ['INT8', DataType.INT8, Int8Array.of(-5, 7), [-5, 7]],
    ['UINT8', DataType.UINT8, Uint8Array.of(200, 7), [200, 7]],
    ['INT64', DataType.INT64, BigInt64Array.of(-3n, 2n ** 63n - 1n), [-3, Infinity]],
    ['BOOL', DataType.BOOL, Uint8Array.of(0, 1, 2), [0, 1, 1]],
  ])('%s as raw bytes', (_, dataType, array, expected) => {
    expect(valuesOf({ dataType, rawData: bytes(array) }, expected.length)).toEqual(expected);
  });

  // In Python, with numpy 2.4.6 and ml_dtypes 0.6.0; kind is "<f2" or ml_dtypes.bfloat16:
  //   v = np.arange(65536, dtype="<u2").view(kind).astype("<f4")
  //   hashlib.sha256(np.where(np.isnan(v), 0, v).astype("<f4").tobytes()).hexdigest()
  test.each([
    [
      'FLOAT16',
      DataType.FLOAT16,
      'faa6d965574036872b0d39a42d1f8bee361d5be92b1e718155a69556a5abacdd',
    ],
    [
      'BFLOAT16',
      DataType.BFLOAT16,
      '2950e27364395060b01ae85b45dd15a2ab8891f6ee8b0af2b541dbda5524d0b4',
    ],
  ])('%s: all numbers there are', (_, dataType, expected) => {
    const all = Uint16Array.from({ length: 2 ** 16 }, (_, k) => k);
    const read = valuesOf({ dataType, rawData: bytes(all) }, all.length);
    const values = Float32Array.from(read, (value) => (Number.isNaN(value) ? 0 : value));
    expect(createHash('sha256').update(values).digest('hex')).toBe(expected);
  });

  test('in fields of their own', () => {
    const half = { dataType: DataType.FLOAT16, int32Data: [0x3c00, 0xc000] };
    expect(valuesOf(half, 2)).toEqual([1, -2]);
    expect(valuesOf({ dataType: DataType.DOUBLE, doubleData: [0.1] }, 1)).toEqual([0.1]);
    expect(valuesOf({ dataType: DataType.UINT64, uint64Data: [5n] }, 1)).toEqual([5]);
  });

  test('that cannot be read are named when their values are asked for', () => {
    expect(() => valuesOf({ dataType: DataType.STRING }, 1)).toThrow(
      'tensor "" has elements of type STRING; numbers and truth values are supported',
    );
  });
});
