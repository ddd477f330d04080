/** A reason to stop that its message tells wholly, in one line. */
export class StartError extends Error {
  override readonly name = 'StartError';
  /** Of the process: 2 for what the user wrote, 1 for what happened. */
  readonly exitCode: number;

  constructor(message: string, exitCode = 1, options?: ErrorOptions) {
    super(message, options);
    this.exitCode = exitCode;
  }
}
