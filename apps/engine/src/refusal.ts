/** Reason for rejecting a request. */
export type RefusalReason = 'invalid' | 'unsupported' | 'not-found' | 'too-large';

/** Rejection of a request; its message is sent to the client. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly reason: RefusalReason;

  constructor(reason: RefusalReason, message: string) {
    super(message);
    this.reason = reason;
  }
}

/** Maps the items of a field; the refusal of one of several names its position. */
export function mapItems<Item, Result>(
  items: readonly Item[],
  field: string,
  map: (item: Item, position: number) => Result,
): Result[] {
  return items.map((item, position) => {
    try {
      return map(item, position);
    } catch (error) {
      if (!(error instanceof Refusal) || items.length === 1) throw error;
      throw new Refusal(error.reason, `${field}[${position}]: ${error.message}`);
    }
  });
}

/** Refusal of a feature that only Hatchet's own engine has. */
export function unsupported(feature: string, where = ''): Refusal {
  const place = where ? ` (${where})` : '';
  return new Refusal('unsupported', `${feature}${place} is not supported by this engine; Hatchet's own engine has it`);
}
