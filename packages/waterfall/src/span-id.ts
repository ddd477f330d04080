/**
 * A trace or span id as lower-case hex, from hex or from base64 (how plain protobuf JSON writes bytes); undefined for
 * none and for the all-zero id, which means none.
 */
export function hexId(id: string | null | undefined): string | undefined {
  if (!id) return undefined;
  const hex = /^([0-9a-f]{16}|[0-9a-f]{32})$/i.test(id) ? id.toLowerCase() : Buffer.from(id, 'base64').toString('hex');
  return /^0*$/.test(hex) ? undefined : hex;
}
