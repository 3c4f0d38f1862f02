import type { Known } from '../known.js';
import type { NodeReader } from '../node-reader.js';

/**
 * Calculates a node whose inputs are all known when compiling.
 * `undefined` leaves it to the importer of the operator, whose ops are then evaluated by their references.
 */
export type Folder = (node: NodeReader) => Known | readonly Known[] | undefined;

/** Folders by operator name. */
export type Folders = Readonly<Record<string, Folder>>;
