import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

interface ChildOptions {
  /** Options of Node.js. */
  execArgv?: string[];
  env?: NodeJS.ProcessEnv;
}

/** A program of the bench in a process of its own. Both processes exchange messages; the program exits on disconnect. */
export class ChildProgram {
  readonly #child: ChildProcess;
  readonly #exited = new AbortController();

  constructor(program: URL, args: readonly string[] = [], options: ChildOptions = {}) {
    this.#child = fork(fileURLToPath(program), args, options);
    this.#child.once('exit', (code, signal) =>
      this.#exited.abort(new Error(`${program.pathname} exited: ${signal ?? code}`)),
    );
  }

  /** Waits for the next message. Rejects if the process exits or the deadline passes first. */
  async receive<Message>({ deadline }: { deadline?: AbortSignal } = {}): Promise<Message> {
    const signal = AbortSignal.any([this.#exited.signal, ...(deadline ? [deadline] : [])]);
    const [message] = await once(this.#child, 'message', { signal });
    return message as Message;
  }

  /** Sends a message and waits for the answer. */
  async request<Answer>(message: object | string): Promise<Answer> {
    const answer = this.receive<Answer>();
    this.#child.send(message);
    return answer;
  }

  onMessage<Message>(listener: (message: Message) => void): void {
    this.#child.on('message', listener);
  }

  async stop(): Promise<void> {
    if (this.#exited.signal.aborted) return;
    const exit = once(this.#child, 'exit');
    this.#child.disconnect();
    await exit;
  }
}
