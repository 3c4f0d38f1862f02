/** Bytes of an IDX file of unsigned bytes. */
export function makeIdx(shape: readonly number[], data: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(4 + 4 * shape.length + data.length);
  const view = new DataView(bytes.buffer);
  view.setUint8(2, 0x08);
  view.setUint8(3, shape.length);
  shape.forEach((length, axis) => {
    view.setUint32(4 + 4 * axis, length);
  });
  bytes.set(data, 4 + 4 * shape.length);
  return bytes;
}
