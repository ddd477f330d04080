"""Python client: runs the scenario named by its argument, and prints the result as one line of JSON."""

import asyncio
import json
import sys
import time
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Any

from hatchet_sdk.exceptions import FailedTaskRunExceptionGroup
from opentelemetry import trace
from tasks import EmptyModel, Numbers, Order, hatchet, order, py_add, py_event, py_fail, py_stream, py_wait, ts_add


def sync_result() -> Any:
    """Polls GetRunDetails."""
    return order.run(Order(items=2))["ship"]


def subscribed_result() -> Any:
    return asyncio.run(py_add.aio_run(Numbers(a=2, b=3)))


def typescript_task() -> Any:
    return ts_add.run(Numbers(a=20, b=3))


def bulk() -> Any:
    items = [py_add.create_bulk_run_item(input=Numbers(a=n, b=n)) for n in range(5)]
    return [each["sum"] for each in py_add.run_many(items)]


def failure() -> Any:
    try:
        py_fail.run(EmptyModel())
    except FailedTaskRunExceptionGroup as error:
        return {"error": str(error)}


def durable() -> Any:
    ref = py_wait.run_no_wait(EmptyModel())
    time.sleep(2.5)
    hatchet.event.push("py:go", {"by": "the client"})
    return {"runId": ref.workflow_run_id, **ref.result()}


def events() -> Any:
    hatchet.event.push("py:placed", {"items": 1})
    hatchet.event.push("py:wild:any", {"items": 2})
    return sorted(wait_for(lambda: outputs("py-event"), 2), key=lambda output: output["items"])


def everything() -> Any:
    """Runs the other scenarios one after the other in one trace."""
    order.run(Order(items=2))
    durable()
    hatchet.event.push("py:placed", {"items": 3})
    return wait_for(lambda: [each for each in outputs("py-event") if each["items"] == 3], 1)


def schedules() -> Any:
    at = datetime.now(timezone.utc) + timedelta(seconds=1)
    version = py_add.schedule(at, Numbers(a=7, b=7))
    rest = hatchet.scheduled.create("py-add", at, {"a": 8, "b": 8}, {"made": "over REST"})
    cron = hatchet.cron.create("py-add", "each-second", "* * * * * *", {"a": 9, "b": 9}, {})
    sums = wait_for(lambda: [each["sum"] for each in outputs("py-add") if each["sum"] in (14, 16, 18)], 3)
    hatchet.cron.delete(cron.metadata.id)
    return {"schedules": len(version.scheduled_workflows), "rest": rest.workflow_name, "sums": sorted(set(sums))}


def operations() -> Any:
    """Reads the REST API with strict models."""
    ref = py_fail.run_no_wait(EmptyModel())
    wait_for(lambda: [True] if status(ref.workflow_run_id) == "FAILED" else [], 1)
    hatchet.runs.replay(ref.workflow_run_id)
    waiting = py_wait.run_no_wait(EmptyModel())
    wait_for(lambda: [True] if status(waiting.workflow_run_id) == "RUNNING" else [], 1)
    hatchet.runs.cancel(waiting.workflow_run_id)
    wait_for(lambda: [True] if status(waiting.workflow_run_id) == "CANCELLED" else [], 1)
    created = hatchet.runs.create("py-add", {"a": 1, "b": 1})
    return {
        "created": created.run.display_name.startswith("py-add"),
        "workers": [worker.name for worker in hatchet.workers.list().rows],
        "workflows": "py-order" in [workflow.name for workflow in hatchet.workflows.list().rows],
        "details": hatchet.runs.get_details(ref.workflow_run_id).external_id == ref.workflow_run_id,
    }


def streamed() -> Any:
    async def read() -> str:
        ref = await py_stream.aio_run_no_wait(EmptyModel())
        return "".join([piece async for piece in hatchet.runs.subscribe_to_stream(ref.workflow_run_id)])

    return asyncio.run(read())


def rate_limits() -> Any:
    errors = []
    for call in (
        lambda: hatchet.rate_limits.put("any", 10),
        lambda: hatchet.rate_limits.pause("any", datetime.now(timezone.utc) + timedelta(minutes=1)),
    ):
        try:
            call()
        except Exception as error:  # the SDK raises gRPC's error
            errors.append(str(error))
    return errors


def status(run_id: str) -> str:
    return hatchet.runs.get(run_id).run.status.value


def outputs(workflow: str) -> list[Any]:
    ids = [each.metadata.id for each in hatchet.workflows.list(workflow_name=workflow).rows]
    runs = hatchet.runs.list(workflow_ids=ids, statuses=["COMPLETED"], include_payloads=True)
    return [run.output for run in runs.rows]


def wait_for(read: Callable[[], list[Any]], count: int) -> list[Any]:
    deadline = time.monotonic() + 20
    while len(found := read()) < count:
        if time.monotonic() > deadline:
            raise TimeoutError(f"after 20 s there are {found}, not {count}")
        time.sleep(0.2)
    return found


if __name__ == "__main__":
    scenario = globals()[sys.argv[1]]
    with trace.get_tracer("py-client").start_as_current_span(scenario.__name__) as span:
        result = scenario()
        trace_id = trace.format_trace_id(span.get_span_context().trace_id)
    trace.get_tracer_provider().force_flush()
    print(json.dumps({"traceId": trace_id, "result": result}, default=str))
