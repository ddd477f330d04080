import { DispatcherDefinition } from '@hatchet-dev/typescript-sdk/protoc/dispatcher/dispatcher.js';
import { EventsServiceDefinition } from '@hatchet-dev/typescript-sdk/protoc/events/events.js';
import { V1DispatcherDefinition } from '@hatchet-dev/typescript-sdk/protoc/v1/dispatcher.js';
import { AdminServiceDefinition } from '@hatchet-dev/typescript-sdk/protoc/v1/workflows.js';
import { grpcServerTracing } from '@hatchet-ts/server-otel';
import type { Database } from '@hatchet-ts/storage';
import type { TokenVerifier } from '@hatchet-ts/storage/credentials';
import { createServer, type Server } from 'nice-grpc';
import { addTraceReceiver } from '../otlp/trace-receiver.ts';
import { type AdminDeps, adminService } from './admin.ts';
import { authorisation, tenantOfCall } from './authorisation.ts';
import { type DispatcherDeps, dispatcherService } from './dispatcher.ts';
import { type DurableServiceDeps, durableService } from './durable.ts';
import { errorAnswers } from './errors.ts';
import { type EventsDeps, eventsService } from './events.ts';
import { MOST_BYTES } from './limits.ts';
import { parentOfCalls } from './parent-of.ts';
import { WorkflowsDefinition, type WorkflowsDeps, workflowService } from './workflows.ts';

export interface ServerDeps extends DispatcherDeps, DurableServiceDeps, AdminDeps, WorkflowsDeps, EventsDeps {
  db: Database;
  verifyToken: TokenVerifier;
  onError(error: unknown, path: string): void;
}

/** Calls of the OTLP receiver are never traced: a trace of the export of a trace has no end. */
const OTLP = '/opentelemetry.proto.';

/** Nor are those that carry what tasks log and stream: their number is the task's, and a trace must stay bounded. */
const { putLog, putStreamEvent } = EventsServiceDefinition.methods;
const DATA = new Set([putLog, putStreamEvent].map(({ name }) => `/${EventsServiceDefinition.fullName}/${name}`));

/** The gRPC server with Hatchet's five services and the OTLP receiver. */
export function createContractServer(deps: ServerDeps): Server {
  const server = createServer({ 'grpc.max_receive_message_length': MOST_BYTES, 'grpc.max_send_message_length': -1 })
    .use(
      grpcServerTracing({
        parentOf: parentOfCalls(deps.contexts, tenantOfCall(deps.verifyToken)),
        untraced: (path) => path.startsWith(OTLP) || DATA.has(path),
      }),
    )
    .use(errorAnswers(deps.onError));
  const authorise = authorisation(deps.verifyToken);
  server.with(authorise).add(DispatcherDefinition, dispatcherService(deps));
  server.with(authorise).add(AdminServiceDefinition, adminService(deps));
  server.with(authorise).add(WorkflowsDefinition, workflowService(deps));
  server.with(authorise).add(EventsServiceDefinition, eventsService(deps));
  server.with(authorise).add(V1DispatcherDefinition, durableService(deps));
  addTraceReceiver(server, deps);
  return server;
}
