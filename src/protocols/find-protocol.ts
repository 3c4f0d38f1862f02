import { resolve } from 'node:path';
import { nearest } from '../yaml/nearest.js';
import { parseYamlFile } from '../yaml/parse-yaml.js';
import { protocols } from './index.js';
import { type Protocol, protocolSchema } from './protocol.js';

/**
 * A built-in protocol by its name, or one of a file.
 * @param folder what a path is relative to
 * @throws {YamlError} for a file that does not fit
 * @throws {RangeError} naming the protocols that there are
 */
export function findProtocol(nameOrPath: string, folder: string): Protocol {
  const builtIn = protocols.find(({ name }) => name === nameOrPath);
  if (builtIn !== undefined) return builtIn;
  if (/\.ya?ml$/.test(nameOrPath))
    return parseYamlFile(resolve(folder, nameOrPath), protocolSchema);
  const names = protocols.map(({ name }) => name);
  const near = nearest(nameOrPath, names);
  const meant = near === undefined ? '' : `; did you mean "${near}"?`;
  throw new RangeError(
    `there is no such protocol${meant} (allowed: ${names.join(', ')}, or the path of a protocol file)`,
  );
}
