import type { HatchetClient } from '@hatchet-dev/typescript-sdk/v1/client/client.js';
import { rememberClient } from '../client-config.ts';
import type { ClassPatch } from './class-patch.ts';

/** `HatchetClient` makes no span: its schedules and crons do not know its configuration, which may exclude attributes. */
export const hatchetClientPatch: ClassPatch = {
  file: 'v1/client/client.js',
  className: 'HatchetClient',
  wrappers: {},
  accessors: { scheduled: remember, crons: remember },
};

function remember(owner: unknown, part: unknown): void {
  rememberClient(part as object, (owner as HatchetClient).config);
}
