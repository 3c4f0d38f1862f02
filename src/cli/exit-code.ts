/** What the process's exit status says. */
export const ExitCode = { done: 0, error: 1, usage: 2, trialsFailed: 3, interrupted: 130 } as const;
