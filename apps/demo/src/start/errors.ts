/** Ends `npm start` with its message, one line, and its exit code. */
export class StartError extends Error {
  override readonly name = 'StartError';
  /** 2 for wrong arguments or variables, 1 for everything else. */
  readonly exitCode: number;

  constructor(message: string, exitCode = 1, options?: ErrorOptions) {
    super(message, options);
    this.exitCode = exitCode;
  }
}

/** Abort reason of a normal stop: a signal, or the end of the parent process. */
export class StopRequest extends Error {
  override readonly name = 'StopRequest';
}

/** The error's message on one line. A refused connection to a name with several addresses has only a code. */
export function errorLine(error: unknown): string {
  const { message, code } = error as NodeJS.ErrnoException;
  return (message || code || String(error)).split('\n').filter(Boolean).join(' ');
}
