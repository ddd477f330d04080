import type { ContainerRuntimeClient } from 'testcontainers';

/**
 * Pulls an image. As long as the engine reports progress it may take its time; one that says nothing has no registry
 * behind it.
 *
 * @param silence - milliseconds without a word after which the pull is given up
 * @throws Error when the image cannot be had
 */
export async function pull(docker: ContainerRuntimeClient, name: string, silence: number): Promise<void> {
  const { dockerode } = docker.container;
  const silent = new AbortController();
  const watchdog = setTimeout(() => silent.abort(), silence);
  try {
    const progress = await dockerode.pull(name, { abortSignal: silent.signal });
    await new Promise<void>((resolve, reject) => {
      silent.signal.addEventListener('abort', () => reject(silent.signal.reason));
      dockerode.modem.followProgress(
        progress,
        (error) => (error ? reject(error) : resolve()),
        () => watchdog.refresh(),
      );
    });
  } catch (error) {
    throw silent.signal.aborted ? new Error(`no answer within ${silence / 1000} s`) : error;
  } finally {
    clearTimeout(watchdog);
  }
}
