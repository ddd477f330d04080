import type { EngineAddress } from './engine-address.ts';
import { connectToEngine } from './engine-connection.ts';
import { EngineExporter, type TraceSerializer } from './engine-exporter.ts';
import { loadPeer } from './optional-peer.ts';

/**
 * Creates an exporter to the engine's own OTLP receiver.
 *
 * @param purpose feature that needs it, for the message
 * @throws MissingPeerError with the package to install
 */
export function createEngineExporter(address: EngineAddress, purpose: string): EngineExporter {
  const { ProtobufTraceSerializer } = loadPeer(['@opentelemetry/otlp-transformer'], purpose).exports as {
    ProtobufTraceSerializer: TraceSerializer;
  };
  return new EngineExporter(() => connectToEngine(address), ProtobufTraceSerializer);
}
