/**
 * Returns true for the messages, with stack traces, that the OpenTelemetry API logs when a second SDK registers itself: one
 * for each API, and one for the logger.
 */
export function isSecondSdk(message: string): boolean {
  return message.includes('Attempted duplicate registration of API') || message.startsWith('Current logger will ');
}
