import { readFileSync } from 'node:fs';
import { crc32, inflateRawSync } from 'node:zlib';
import { DatasetError } from './dataset-error.js';

/** An array as the engine takes it, row-major. */
export interface NumpyArray {
  shape: number[];
  values: Uint8Array | Float32Array | Int32Array;
}

/** Bytes of an element, and how elements become what the engine takes. */
const TYPES: Readonly<
  Record<string, { bytes: number; read(data: ArrayBuffer, path: string): NumpyArray['values'] }>
> = {
  '|u1': { bytes: 1, read: (data) => new Uint8Array(data) },
  '|b1': { bytes: 1, read: (data) => new Uint8Array(data) },
  '<f4': { bytes: 4, read: (data, path) => finite(new Float32Array(data), path) },
  '<f8': {
    bytes: 8,
    read: (data, path) => finite(Float32Array.from(new Float64Array(data)), path),
  },
  '<i4': { bytes: 4, read: (data) => new Int32Array(data) },
  '<u2': { bytes: 2, read: (data) => Int32Array.from(new Uint16Array(data)) },
  '<i8': { bytes: 8, read: (data, path) => narrowed(new BigInt64Array(data), path) },
};

function finite(values: Float32Array, path: string): Float32Array {
  const at = values.findIndex((value) => !Number.isFinite(value));
  if (at < 0) return values;
  throw new DatasetError(`${path}: element ${at} is no finite 32-bit float (${values[at]})`);
}

function narrowed(values: BigInt64Array, path: string): Int32Array {
  return Int32Array.from(values, (value, at) => {
    const number = Number(value);
    if (number === (number | 0)) return number;
    throw new DatasetError(`${path}: element ${at} is ${value}; ids and classes must fit 32 bits`);
  });
}

/**
 * Parses NumPy's .npy format, versions 1 to 3 (NEP 1): row-major, little-endian, of u1, b1, u2, i4, i8, f4 or f8.
 * @throws {DatasetError} naming the file and what is wrong with it.
 */
export function parseNpy(bytes: Uint8Array, path: string): NumpyArray {
  const fail = (what: string) => new DatasetError(`${path}: ${what}`);
  if (bytes.length < 10 || String.fromCharCode(...bytes.subarray(1, 6)) !== 'NUMPY') {
    throw fail('not a NumPy file (.npy)');
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const wide = view.getUint8(6) >= 2;
  if (wide && bytes.length < 12) throw fail(`ends at byte ${bytes.length}, inside its header`);
  const begin = (wide ? 12 : 10) + (wide ? view.getUint32(8, true) : view.getUint16(8, true));
  if (begin > bytes.length) throw fail(`ends at byte ${bytes.length}, inside its header`);
  const header = new TextDecoder('latin1').decode(bytes.subarray(wide ? 12 : 10, begin));
  const descr = /'descr':\s*'([^']*)'/.exec(header)?.[1] ?? '';
  const type = Object.hasOwn(TYPES, descr) ? TYPES[descr] : undefined;
  const dims = /'shape':\s*\(([\d,\s]*)\)/.exec(header)?.[1];
  if (dims === undefined) throw fail(`its header has no shape: ${header.trim()}`);
  if (type === undefined) {
    throw fail(`elements of type "${descr}"; allowed: ${Object.keys(TYPES).join(', ')}`);
  }
  if (/'fortran_order':\s*True/.test(header)) {
    throw fail('its columns come first (Fortran order); save np.ascontiguousarray(x)');
  }
  const shape = dims.split(',').flatMap((d) => (d.trim() === '' ? [] : [Number(d)]));
  const end = begin + shape.reduce((a, b) => a * b, type.bytes);
  if (end !== bytes.length) {
    throw fail(`${bytes.length} bytes, but [${shape.join(', ')}] of "${descr}" needs ${end}`);
  }
  const data = bytes.buffer.slice(bytes.byteOffset + begin, bytes.byteOffset + end) as ArrayBuffer;
  return { shape, values: type.read(data, path) };
}

const END_OF_DIRECTORY = 0x06054b50;
const DIRECTORY_ENTRY = 0x02014b50;
const LOCAL_HEADER = 0x04034b50;

/**
 * One array of an .npz file, a zip archive of .npy files stored or deflated, of less than 4 GiB.
 * @throws {DatasetError} that lists the arrays there are, when `key` is none.
 */
export function parseNpz(bytes: Uint8Array, key: string, path: string): NumpyArray {
  const fail = (what: string) => new DatasetError(`${path}: ${what}`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let end = bytes.length - 22;
  while (end >= 0 && view.getUint32(end, true) !== END_OF_DIRECTORY) end--;
  if (end < 0) throw fail('not a zip archive (.npz), or a truncated one');
  const names: string[] = [];
  let at = view.getUint32(end + 16, true);
  for (let k = view.getUint16(end + 10, true); k > 0; k--) {
    if (at + 46 > end || view.getUint32(at, true) !== DIRECTORY_ENTRY) {
      throw fail(`no entry of the zip directory at byte ${at}`);
    }
    const [nameLength, extra, comment] = [28, 30, 32].map((k) => view.getUint16(at + k, true)) as [
      number,
      number,
      number,
    ];
    const name = new TextDecoder().decode(bytes.subarray(at + 46, at + 46 + nameLength));
    if (name === `${key}.npy`) return parseNpy(unzip(view, at, path), `${path}#${key}`);
    names.push(name.replace(/\.npy$/, ''));
    at += 46 + nameLength + extra + comment;
  }
  throw fail(`has no array "${key}"; there are ${names.join(', ')}`);
}

/** The contents of the file whose entry of the directory is at byte `at`. */
function unzip(view: DataView, at: number, path: string): Uint8Array {
  const size = view.getUint32(at + 20, true);
  const local = view.getUint32(at + 42, true);
  if (local + 30 > view.byteLength || view.getUint32(local, true) !== LOCAL_HEADER) {
    throw new DatasetError(`${path}: no file of the zip archive at byte ${local}`);
  }
  const begin = local + 30 + view.getUint16(local + 26, true) + view.getUint16(local + 28, true);
  if (begin + size > view.byteLength) {
    throw new DatasetError(`${path}: ends at byte ${view.byteLength}; a file of it ends later`);
  }
  const packed = new Uint8Array(view.buffer, view.byteOffset + begin, size);
  const data = inflate(packed, view.getUint16(at + 10, true), view.getUint32(at + 24, true), path);
  if (crc32(data) === view.getUint32(at + 16, true)) return data;
  throw new DatasetError(`${path}: damaged (the checksum of the file at byte ${local} is wrong)`);
}

/** `length` bounds what a damaged or hostile archive may unpack to. */
function inflate(packed: Uint8Array, method: number, length: number, path: string): Uint8Array {
  if (method === 0) return packed;
  if (method !== 8) {
    throw new DatasetError(`${path}: zip method ${method}; use np.savez or np.savez_compressed`);
  }
  try {
    return inflateRawSync(packed, { maxOutputLength: Math.max(1, length) });
  } catch (error) {
    throw new DatasetError(`${path}: damaged (${error instanceof Error ? error.message : error})`);
  }
}

/** Reads `FILE.npy`, or an array of an archive, `FILE.npz#KEY`. */
export function readNumpy(path: string): NumpyArray {
  const [, file = path, key] = /^(.*\.npz)#(.*)$/.exec(path) ?? [];
  const bytes = readBytes(file);
  return key === undefined ? parseNpy(bytes, file) : parseNpz(bytes, key, file);
}

function readBytes(path: string): Uint8Array {
  try {
    return readFileSync(path);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new DatasetError(`${path}: cannot be read (${reason})`);
  }
}
