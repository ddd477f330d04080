import type { ContainerRuntimeClient } from 'testcontainers';

/**
 * Pulls an image. The pull may take any time while the engine reports progress; an engine without progress reaches no
 * registry.
 *
 * @param silence - milliseconds without progress after which the pull is aborted
 * @throws Error if the image cannot be pulled
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
    throw silent.signal.aborted ? new Error(`no progress within ${silence / 1000} s`) : error;
  } finally {
    clearTimeout(watchdog);
  }
}
