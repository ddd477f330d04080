/** Extracts the message of a failure's payload: the TypeScript SDK sends JSON `{message}`, other SDKs send text. */
export function errorMessage(payload: string): string {
  try {
    const parsed: unknown = JSON.parse(payload);
    if (parsed && typeof parsed === 'object' && 'message' in parsed && typeof parsed.message === 'string') {
      return parsed.message;
    }
  } catch {
    // plain text
  }
  return payload;
}
