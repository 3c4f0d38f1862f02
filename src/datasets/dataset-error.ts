/** A data set that cannot be had as asked: says what is wrong, in which file, and what to do. */
export class DatasetError extends Error {
  override readonly name = 'DatasetError';
}
