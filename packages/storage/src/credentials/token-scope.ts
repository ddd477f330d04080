/** What a token opens: one tenant's data, or the operator's own spans at the OTLP receiver. */
export type TokenScope = 'tenant' | 'operator';

/** The nil UUID: subject of operator tokens and owner of the spans that arrive with them. */
export const OPERATOR_SUBJECT = '00000000-0000-0000-0000-000000000000';
