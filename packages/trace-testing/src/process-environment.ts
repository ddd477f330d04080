/**
 * Builds the environment of a test process: PATH, HOME and the given variables. Nothing else of the shell that runs
 * the tests gets in.
 */
export function processEnvironment(env: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv {
  return { PATH: process.env.PATH, HOME: process.env.HOME, ...env };
}

/** Resolves `node` to the Node.js that runs the tests. */
export function programPath(program: string): string {
  return program === 'node' ? process.execPath : program;
}
