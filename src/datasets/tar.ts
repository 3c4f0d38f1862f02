import { DatasetError } from './dataset-error.js';

const BLOCK = 512;

/**
 * The plain files of a tar archive (POSIX.1-1988 headers), by the last part of their path; views of `bytes`. `path` is for
 * errors.
 * @throws {DatasetError} naming the file and the byte where the archive is damaged.
 */
export function parseTar(bytes: Uint8Array, path: string): Map<string, Uint8Array> {
  const files = new Map<string, Uint8Array>();
  for (let at = 0; at + BLOCK <= bytes.length && bytes[at] !== 0; ) {
    const header = bytes.subarray(at, at + BLOCK);
    const size = octal(header, 124, 12);
    if (size === undefined || octal(header, 148, 8) !== checksum(header)) {
      throw new DatasetError(`${path}: no tar header at byte ${at}`);
    }
    const begin = at + BLOCK;
    if (begin + size > bytes.length) {
      throw new DatasetError(`${path}: ends at byte ${bytes.length}, inside ${name(header)}`);
    }
    const type = String.fromCharCode(header[156] ?? 0);
    if (type === '0' || type === '\0') files.set(name(header), bytes.subarray(begin, begin + size));
    at = begin + Math.ceil(size / BLOCK) * BLOCK;
  }
  return files;
}

function text(header: Uint8Array, begin: number, length: number): string {
  const [field = ''] = new TextDecoder()
    .decode(header.subarray(begin, begin + length))
    .split('\0', 1);
  return field;
}

const name = (header: Uint8Array): string => text(header, 0, 100).split('/').at(-1) ?? '';

function octal(header: Uint8Array, begin: number, length: number): number | undefined {
  const digits = text(header, begin, length).trim();
  return /^[0-7]+$/.test(digits) ? Number.parseInt(digits, 8) : undefined;
}

/** The sum of the header's bytes, its own field taken as spaces. */
const checksum = (header: Uint8Array): number =>
  header.reduce((sum, byte, at) => sum + (at >= 148 && at < 156 ? 0x20 : byte), 0);
