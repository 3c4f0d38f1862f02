import Database from 'libsql';

/**
 * The right to write to a store, held by one process. It is a lock of the operating system on a file beside the
 * database, taken through SQLite, so it ends with its process however that ends: there are no stale locks.
 */
export class StoreLock {
  readonly #database: Database.Database;

  private constructor(database: Database.Database) {
    this.#database = database;
  }

  /** @returns undefined when another holds the lock */
  static acquire(path: string): StoreLock | undefined {
    const database = new Database(path);
    try {
      database.exec('begin exclusive');
      return new StoreLock(database);
    } catch (error) {
      database.close();
      if ((error as { code?: string }).code === 'SQLITE_BUSY') return undefined;
      throw error;
    }
  }

  release(): void {
    this.#database.exec('rollback');
    this.#database.close();
  }
}
