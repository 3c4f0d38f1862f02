import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { DatasetError } from './dataset-error.js';

/** An array of unsigned bytes in the IDX format of MNIST and its kin. */
export interface Idx {
  shape: number[];
  /** Row-major; a view of the file's bytes. */
  data: Uint8Array;
}

const UNSIGNED_BYTE = 0x08;

/** Bytes of a file, unpacked when they are gzip, whatever its name. */
export async function readBytes(path: string): Promise<Uint8Array> {
  return unpack(await readFile(path), path);
}

/** Bytes unpacked when they are gzip. `path` is for errors. */
export async function unpack(bytes: Uint8Array, path: string): Promise<Uint8Array> {
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes;
  try {
    return await promisify(gunzip)(bytes);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new DatasetError(
      `${path}: damaged gzip file of ${bytes.length} bytes (${reason}); delete it and fetch it again`,
    );
  }
}

/**
 * Parses an IDX file of unsigned bytes: two zero bytes, the type 0x08, the number of axes, each axis' length as a
 * big-endian u32, then the data. `path` is for errors.
 * @throws {DatasetError} naming the file and the byte that is wrong.
 */
export function parseIdx(bytes: Uint8Array, path: string): Idx {
  const fail = (what: string) => new DatasetError(`${path}: ${what}`);
  if (bytes.length < 4) throw fail(`ends at byte ${bytes.length}, inside the 4-byte IDX magic`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint16(0) !== 0) throw fail('not an IDX file: bytes 0 and 1 must be 0');
  const type = view.getUint8(2);
  if (type !== UNSIGNED_BYTE) {
    throw fail(`byte 2: IDX type 0x${type.toString(16)}; only unsigned bytes (0x8) are read`);
  }
  const rank = view.getUint8(3);
  if (rank === 0) throw fail('byte 3: an IDX array needs at least one axis');
  const header = 4 + 4 * rank;
  if (bytes.length < header) {
    throw fail(`ends at byte ${bytes.length}, inside the ${header}-byte IDX header`);
  }
  const shape = Array.from({ length: rank }, (_, axis) => view.getUint32(4 + 4 * axis));
  const end = header + shape.reduce((a, b) => a * b, 1);
  if (bytes.length < end) {
    throw fail(`ends at byte ${bytes.length}; [${shape.join(', ')}] needs ${end}`);
  }
  if (bytes.length > end) {
    throw fail(`goes on after byte ${end}, where [${shape.join(', ')}] ends`);
  }
  return { shape, data: bytes.subarray(header) };
}

/** Reads an IDX file, gzip or plain. */
export async function readIdx(path: string): Promise<Idx> {
  return parseIdx(await readBytes(path), path);
}
