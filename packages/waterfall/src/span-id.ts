/**
 * A trace or span id as lower-case hex, from hex or from base64 (how plain protobuf JSON writes bytes); undefined for
 * none and for the all-zero id, which means none.
 */
export function hexId(id: string | null | undefined): string | undefined {
  if (!id) return undefined;
  const hex = /^([0-9a-f]{16}|[0-9a-f]{32})$/i.test(id) ? id.toLowerCase() : hexFromBase64(id);
  return /^0*$/.test(hex) ? undefined : hex;
}

/** By `atob`, which browsers have too; what is no base64 is left out, and so is a last character that makes no byte. */
function hexFromBase64(text: string): string {
  const plain = text
    .replaceAll('-', '+')
    .replaceAll('_', '/')
    .replace(/[^A-Za-z0-9+/]/g, '');
  const bytes = atob(plain.length % 4 === 1 ? plain.slice(0, -1) : plain);
  return Array.from(bytes, (byte) => byte.charCodeAt(0).toString(16).padStart(2, '0')).join('');
}
