import { getContainerRuntimeClient } from 'testcontainers';

/** Faults of a container as production has them, made by Docker. Each is complete when its promise resolves. */
export class ContainerFaults {
  readonly #id: string;
  #isPaused = false;

  constructor(id: string) {
    this.#id = id;
  }

  /** Sends SIGKILL: the container cannot write the data in its buffers. */
  async kill(): Promise<void> {
    await (await this.#container()).kill();
  }

  /** Sends SIGTERM, as a rollout does, and waits for the end. */
  async terminate(): Promise<void> {
    await (await this.#container()).stop({ t: 10 });
  }

  /** Starts the container again. It may take a moment until it answers. */
  async start(): Promise<void> {
    await (await this.#container()).start();
  }

  /** Freezes its processes: the kernel keeps and accepts connections, but no process answers. */
  async pause(): Promise<void> {
    await (await this.#container()).pause();
    this.#isPaused = true;
  }

  /** Ends {@link pause}; has no effect without it. */
  async resume(): Promise<void> {
    if (!this.#isPaused) return;
    await (await this.#container()).unpause();
    this.#isPaused = false;
  }

  async #container() {
    const { container } = await getContainerRuntimeClient();
    return container.getById(this.#id);
  }
}
