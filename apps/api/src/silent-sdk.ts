import type { HatchetClient } from '@hatchet-dev/typescript-sdk/v1/index.js';

type LogConstructor = HatchetClient['config']['logger'];

function ignore(): void {}

/** The SDK's own logger writes coloured lines to standard output, all of them at its level `OFF`. */
export const silentSdk: LogConstructor = () => ({
  debug: ignore,
  info: ignore,
  green: ignore,
  warn: ignore,
  error: ignore,
});
