import { getContainerRuntimeClient } from 'testcontainers';

/** What befalls a container in production, done by Docker. Each is over when its promise resolves. */
export class ContainerFaults {
  readonly #id: string;
  #isPaused = false;

  constructor(id: string) {
    this.#id = id;
  }

  /** SIGKILL: it cannot write what it holds. */
  async kill(): Promise<void> {
    await (await this.#container()).kill();
  }

  /** SIGTERM, as at an update: it has ended then. */
  async terminate(): Promise<void> {
    await (await this.#container()).stop({ t: 10 });
  }

  /** Starts it again; it may take a moment until it answers. */
  async start(): Promise<void> {
    await (await this.#container()).start();
  }

  /** Freezes its processes: connections stay, and are accepted, but nobody answers. */
  async pause(): Promise<void> {
    await (await this.#container()).pause();
    this.#isPaused = true;
  }

  /** The end of {@link pause}; does nothing without. */
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
