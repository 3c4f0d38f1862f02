/** One thing that keeps a model from being compiled. */
export interface CompileProblem {
  /** The ONNX node concerned, as `"name" (OpType)`. */
  node?: string;
  message: string;
}

/** A model file that cannot be compiled: names the file, the node, what is wrong and what is supported. */
export class CompileError extends Error {
  override readonly name = 'CompileError';
  readonly file: string | undefined;
  readonly problems: CompileProblem[];

  constructor(problems: string | CompileProblem[], file?: string) {
    const list = typeof problems === 'string' ? [{ message: problems }] : problems;
    super(list.map((problem) => formatProblem(problem, file)).join('\n'));
    this.file = file;
    this.problems = list;
  }

  /** The same error, with the file (and, where a problem has none yet, the node) it happened in. */
  at(file: string | undefined, node?: string): CompileError {
    const problems = this.problems.map((problem) =>
      node === undefined || problem.node !== undefined ? problem : { ...problem, node },
    );
    return new CompileError(problems, this.file ?? file);
  }
}

function formatProblem({ node, message }: CompileProblem, file: string | undefined): string {
  return [file, node === undefined ? undefined : `node ${node}`, message]
    .filter((part) => part !== undefined)
    .join(': ');
}
