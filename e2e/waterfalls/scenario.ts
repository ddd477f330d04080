import type { HatchetClient } from '@hatchet-dev/typescript-sdk';

export type Client = HatchetClient;

/** What a client does inside a span of its own. It resolves when all that it began has ended. */
export type Scenario = (hatchet: Client) => Promise<void>;
