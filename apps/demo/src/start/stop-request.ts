/** Somebody asked this process to stop; no failure. */
export class StopRequest extends Error {
  override readonly name = 'StopRequest';
}

/**
 * Aborts when the process is asked to stop: by Ctrl-C, by a signal, or because the one that started it has gone.
 * Repeated signals change nothing: npm hands on the Ctrl-C that the terminal has delivered already.
 */
export function stopRequests(controller: AbortController): void {
  const stop = () => controller.abort(new StopRequest('stopped'));
  for (const event of ['SIGINT', 'SIGTERM', 'SIGHUP', 'disconnect']) process.on(event, stop);
}
