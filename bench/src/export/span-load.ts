import { type Attributes, ROOT_CONTEXT, type Span, type Tracer, trace } from '@opentelemetry/api';

/** Creates a function that ends spans like those of Hatchet's services: 12 attributes, every fourth span a root. */
export function createSpanLoad(tracer: Tracer): (count: number) => void {
  let made = 0;
  let root: Span | undefined;
  return (count) => {
    for (let span = 0; span < count; span++, made++) {
      const options = { attributes: attributesOf(made) };
      if (made % 4 === 0 || root === undefined) {
        root = tracer.startSpan('hatchet.run/ingest-event', options, ROOT_CONTEXT);
        root.end();
      } else tracer.startSpan('hatchet.run/send-to-worker', options, trace.setSpan(ROOT_CONTEXT, root)).end();
    }
  };
}

/** Builds eight short strings, two integers, a boolean and an array of three strings. */
function attributesOf(index: number): Attributes {
  return {
    'hatchet.run/tenant.id': '707d0855-80ab-4e1f-a156-f1c4546cbf52',
    'hatchet.run/worker.id': `worker-${index % 20}`,
    'hatchet.run/workflow_run.id': `run-${index}`,
    'hatchet.run/queue.name': 'default',
    'rpc.system': 'grpc',
    'rpc.method': 'SendStepActionEvent',
    'server.address': 'engine-7',
    'messaging.system': 'hatchet',
    'hatchet.run/batch.item_count': index % 1000,
    'rpc.grpc.status_code': 0,
    'hatchet.run/replayed': false,
    'hatchet.run/keys': ['alpha', 'beta', 'gamma'],
  };
}
