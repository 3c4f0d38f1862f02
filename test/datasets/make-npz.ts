import { crc32 } from 'node:zlib';

interface Values {
  shape: number[];
  values: Float32Array | Int32Array;
}

/** A .npy file, version 1. */
export function makeNpy({ shape, values }: Values): Buffer {
  const descr = values instanceof Int32Array ? '<i4' : '<f4';
  const dict = `{'descr': '${descr}', 'fortran_order': False, 'shape': (${shape.join(', ')},), }`;
  const header = `${dict.padEnd(117)}\n`;
  const magic = Buffer.from('\x93NUMPY\x01\x00', 'latin1');
  const length = Buffer.alloc(2);
  length.writeUInt16LE(header.length);
  const data = Buffer.from(values.buffer, values.byteOffset, values.byteLength);
  return Buffer.concat([magic, length, Buffer.from(header), data]);
}

/** A .npz file: a zip archive of .npy files, stored. */
export function makeNpz(arrays: Record<string, Values>): Buffer {
  const files: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const [key, values] of Object.entries(arrays)) {
    const name = Buffer.from(`${key}.npy`);
    const data = makeNpy(values);
    const local = Buffer.alloc(30);
    local.writeUInt32LE(0x04034b50);
    local.writeUInt32LE(crc32(data), 14);
    local.writeUInt32LE(data.length, 18);
    local.writeUInt32LE(data.length, 22);
    local.writeUInt16LE(name.length, 26);
    const entry = Buffer.alloc(46);
    entry.writeUInt32LE(0x02014b50);
    local.copy(entry, 6, 4, 30);
    entry.writeUInt32LE(offset, 42);
    files.push(local, name, data);
    directory.push(entry, name);
    offset += local.length + name.length + data.length;
  }
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50);
  end.writeUInt16LE(directory.length / 2, 8);
  end.writeUInt16LE(directory.length / 2, 10);
  end.writeUInt32LE(Buffer.concat(directory).length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...files, ...directory, end]);
}
