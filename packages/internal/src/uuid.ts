const UUID = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i;

/** Reports if a text is a UUID of any version, in the form with hyphens. */
export function isUuid(text: string): boolean {
  return UUID.test(text);
}
