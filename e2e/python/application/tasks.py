"""Tasks of the Python worker, written with the official SDK; the Python client calls them."""

import asyncio
from datetime import timedelta
from typing import Any

from hatchet_sdk import Context, DurableContext, EmptyModel, Hatchet, SleepCondition, UserEventCondition, or_
from hatchet_sdk.opentelemetry.instrumentor import HatchetInstrumentor
from pydantic import BaseModel

# Exports to the engine's own receiver, the SDK's default.
HatchetInstrumentor(schedule_delay_millis=200).instrument()

hatchet = Hatchet()


class Numbers(BaseModel):
    a: int
    b: int


class Order(BaseModel):
    items: int


# A task of the TypeScript worker.
ts_add = hatchet.stubs.task(name="ts-add", input_validator=Numbers, output_validator=dict[str, int])


@hatchet.task(name="py-add", input_validator=Numbers)
async def py_add(input: Numbers, ctx: Context) -> dict[str, int]:
    return {"sum": input.a + input.b}


order = hatchet.workflow(name="py-order", input_validator=Order)


@order.task(name="reserve")
async def reserve(input: Order, ctx: Context) -> dict[str, int]:
    ctx.log(f"reserving {input.items}")
    return {"reserved": input.items}


@order.task(name="charge", retries=2)
async def charge(input: Order, ctx: Context) -> dict[str, int]:
    if ctx.retry_count == 0:
        raise RuntimeError("the bank did not answer")
    return {"attempt": ctx.retry_count}


@order.task(name="ship", parents=[reserve, charge])
async def ship(input: Order, ctx: Context) -> dict[str, Any]:
    own = await py_add.aio_run_many(
        [py_add.create_bulk_run_item(input=Numbers(a=n, b=1)) for n in range(ctx.task_output(reserve)["reserved"])]
    )
    foreign = await ts_add.aio_run(Numbers(a=40, b=2))
    return {"attempt": ctx.task_output(charge)["attempt"], "own": [each["sum"] for each in own], "foreign": foreign["sum"]}


@hatchet.durable_task(name="py-wait", execution_timeout=timedelta(seconds=60))
async def py_wait(input: EmptyModel, ctx: DurableContext) -> dict[str, Any]:
    before = await ctx.aio_now()
    await ctx.aio_sleep_for(timedelta(seconds=1))
    came = await ctx.aio_wait_for(
        "signal",
        or_(UserEventCondition(event_key="py:go"), SleepCondition(timedelta(seconds=50))),
    )
    child = await py_add.aio_run(Numbers(a=1, b=2))
    slept = (await ctx.aio_now() - before).total_seconds()
    return {"slept": slept, "came": str(came), "child": child["sum"]}


@hatchet.task(name="py-event", on_events=["py:placed", "py:wild:*"], input_validator=Order)
async def py_event(input: Order, ctx: Context) -> dict[str, Any]:
    return {"items": input.items, "key": ctx.additional_metadata.get("hatchet__event_key")}


@hatchet.task(name="py-fail", input_validator=EmptyModel)
async def py_fail(input: EmptyModel, ctx: Context) -> dict[str, str]:
    raise ValueError("no good")


@hatchet.task(name="py-stream", input_validator=EmptyModel)
async def py_stream(input: EmptyModel, ctx: Context) -> dict[str, str]:
    await asyncio.sleep(1)  # a subscriber connects after the run has started
    for piece in ["one ", "two ", "three"]:
        await ctx.aio_put_stream(piece)
    return {}


WORKFLOWS = [py_add, order, py_wait, py_event, py_fail, py_stream]
