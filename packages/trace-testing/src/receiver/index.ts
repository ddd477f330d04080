export type { Answer } from './answer.ts';
export { OtlpReceiver, type ReceivedCall, type ReceiverOptions, type ReceiverTls } from './otlp-receiver.ts';
export { type ReceivedSpan, readSpans } from './read-spans.ts';
