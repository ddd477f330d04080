/**
 * Reads `OTEL_RESOURCE_ATTRIBUTES`: `key=value` pairs separated by commas, percent-encoded. Undefined when any
 * of it cannot be read: a half-read set of attributes would be worse than an error (OpenTelemetry's resource
 * specification, "Specifying resource information via an environment variable").
 */
export function parseResourceAttributes(text: string): Record<string, string> | undefined {
  const attributes: Record<string, string> = {};
  for (const pair of text.split(',')) {
    if (pair.trim() === '') continue;
    const equals = pair.indexOf('=');
    const key = decoded(pair.slice(0, Math.max(equals, 0)));
    const value = decoded(pair.slice(equals + 1));
    if (key === undefined || key === '' || value === undefined) return undefined;
    // SERVER_OTEL_SERVICE_NAME alone names the service.
    if (key !== 'service.name') attributes[key] = value;
  }
  return attributes;
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text.trim());
  } catch {
    return undefined;
  }
}
