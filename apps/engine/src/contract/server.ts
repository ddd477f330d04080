import { DispatcherDefinition } from '@hatchet-dev/typescript-sdk/protoc/dispatcher/dispatcher.js';
import { EventsServiceDefinition } from '@hatchet-dev/typescript-sdk/protoc/events/events.js';
import { V1DispatcherDefinition } from '@hatchet-dev/typescript-sdk/protoc/v1/dispatcher.js';
import { AdminServiceDefinition } from '@hatchet-dev/typescript-sdk/protoc/v1/workflows.js';
import { grpcServerTracing } from '@hatchet-ts/server-otel';
import type { Database } from '@hatchet-ts/storage';
import type { TokenVerifier } from '@hatchet-ts/storage/credentials';
import { createServer, type Server } from 'nice-grpc';
import { MOST_BYTES } from '../messages/limits.ts';
import { addTraceReceiver, TRACE_SERVICE } from '../otlp/trace-receiver.ts';
import { type AdminDeps, adminService } from './admin.ts';
import { authorization, tenantOfCall } from './authorization.ts';
import { callParents } from './call-parent.ts';
import { type DispatcherDeps, dispatcherService } from './dispatcher.ts';
import { type DurableServiceDeps, durableService } from './durable.ts';
import { errorStatuses } from './errors.ts';
import { type EventsDeps, eventsService } from './events.ts';
import { WorkflowsDefinition, type WorkflowsDeps, workflowService } from './workflows.ts';

export interface ServerDeps extends DispatcherDeps, DurableServiceDeps, AdminDeps, WorkflowsDeps, EventsDeps {
  db: Database;
  verifyToken: TokenVerifier;
  onError(error: unknown, path: string): void;
}

/** Path of the OTLP receiver, whose calls are never traced: tracing the export of traces would not end. */
const OTLP = `/${TRACE_SERVICE}/`;

/**
 * Paths of calls that are not traced either: logs and stream chunks, because tasks make any number of them and a trace must
 * stay bounded; heartbeats, because an idle worker sends them for ever and each would be a trace of its own.
 */
const UNTRACED_PATHS = new Set([
  ...pathsOf(EventsServiceDefinition, 'putLog', 'putStreamEvent'),
  ...pathsOf(DispatcherDefinition, 'heartbeat'),
]);

/** Creates the gRPC server with Hatchet's five services and the OTLP receiver. */
export function createContractServer(deps: ServerDeps): Server {
  const server = createServer({ 'grpc.max_receive_message_length': MOST_BYTES, 'grpc.max_send_message_length': -1 })
    .use(
      grpcServerTracing({
        parentOf: callParents(deps.contexts, tenantOfCall(deps.verifyToken)),
        untraced: (path) => path.startsWith(OTLP) || UNTRACED_PATHS.has(path),
      }),
    )
    .use(errorStatuses(deps.onError));
  const authorize = authorization(deps.verifyToken);
  server.with(authorize).add(DispatcherDefinition, dispatcherService(deps));
  server.with(authorize).add(AdminServiceDefinition, adminService(deps));
  server.with(authorize).add(WorkflowsDefinition, workflowService(deps));
  server.with(authorize).add(EventsServiceDefinition, eventsService(deps));
  server.with(authorize).add(V1DispatcherDefinition, durableService(deps));
  addTraceReceiver(server, deps);
  return server;
}

function pathsOf<Method extends string>(
  { fullName, methods }: { fullName: string; methods: Record<Method, { name: string }> },
  ...names: NoInfer<Method>[]
): string[] {
  return names.map((name) => `/${fullName}/${methods[name].name}`);
}
