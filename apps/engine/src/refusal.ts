/** Why a request is not carried out. */
export type RefusalReason = 'invalid' | 'unsupported' | 'not-found' | 'too-large';

/** A request that is turned down; the message says what to send instead. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly reason: RefusalReason;

  constructor(reason: RefusalReason, message: string) {
    super(message);
    this.reason = reason;
  }
}

/** A feature of Hatchet's that this engine leaves out, and says so instead of ignoring it. */
export function unsupported(feature: string, where = ''): Refusal {
  const place = where ? ` (${where})` : '';
  return new Refusal('unsupported', `${feature}${place} is not supported by this engine; Hatchet's own engine has it`);
}
