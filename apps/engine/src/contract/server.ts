import { DispatcherDefinition } from '@hatchet-dev/typescript-sdk/protoc/dispatcher/dispatcher.js';
import { EventsServiceDefinition } from '@hatchet-dev/typescript-sdk/protoc/events/events.js';
import { V1DispatcherDefinition } from '@hatchet-dev/typescript-sdk/protoc/v1/dispatcher.js';
import { AdminServiceDefinition } from '@hatchet-dev/typescript-sdk/protoc/v1/workflows.js';
import { WorkflowServiceDefinition } from '@hatchet-dev/typescript-sdk/protoc/workflows/workflows.js';
import { grpcServerTracing } from '@hatchet-ts/server-otel';
import type { Database } from '@hatchet-ts/storage';
import type { TokenVerifier } from '@hatchet-ts/storage/credentials';
import { createServer, type Server } from 'nice-grpc';
import { addTraceReceiver } from '../otlp/trace-receiver.ts';
import type { Creation } from '../runs/creation.ts';
import type { Ingest } from '../triggers/events.ts';
import { type AdminDeps, adminService } from './admin.ts';
import { authorisation } from './authorisation.ts';
import { type DispatcherDeps, dispatcherService } from './dispatcher.ts';
import { type DurableServiceDeps, durableService } from './durable.ts';
import { errorAnswers } from './errors.ts';
import { eventsService } from './events.ts';
import { parentOfCalls } from './parent-of.ts';
import { workflowService } from './workflows.ts';

export interface ServerDeps extends DispatcherDeps, DurableServiceDeps, AdminDeps {
  db: Database;
  verifyToken: TokenVerifier;
  creation: Creation;
  ingest: Ingest;
}

/** Calls of the OTLP receiver are never traced: a trace of the export of a trace has no end. */
const OTLP = '/opentelemetry.proto.';
/** The SDK's clients send and take 4 MiB; the rest is room for headers and OTLP. */
const MOST_BYTES = 8 * 1024 * 1024;

/** The gRPC server with Hatchet's five services and the OTLP receiver. */
export function createContractServer(deps: ServerDeps): Server {
  const server = createServer({ 'grpc.max_receive_message_length': MOST_BYTES, 'grpc.max_send_message_length': -1 })
    .use(
      grpcServerTracing({
        parentOf: parentOfCalls(deps.contexts),
        untraced: (path) => path.startsWith(OTLP),
      }),
    )
    .use(errorAnswers(deps.onError));
  const authorise = authorisation(deps.verifyToken);
  server.with(authorise).add(DispatcherDefinition, dispatcherService(deps));
  server.with(authorise).add(AdminServiceDefinition, adminService(deps));
  server.with(authorise).add(WorkflowServiceDefinition, workflowService(deps.creation));
  server.with(authorise).add(EventsServiceDefinition, eventsService(deps.ingest));
  server.with(authorise).add(V1DispatcherDefinition, durableService(deps));
  addTraceReceiver(server, deps);
  return server;
}
