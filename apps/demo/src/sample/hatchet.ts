import { HatchetClient } from '@hatchet-dev/typescript-sdk';

/** The official client, configured by `HATCHET_CLIENT_*`. */
export const hatchet = HatchetClient.init();
