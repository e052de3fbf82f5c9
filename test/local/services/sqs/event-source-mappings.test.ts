import type { Refusal } from "../../../../local/core/authorization/permissions.js";
import type { LogEntry } from "../../../../local/core/log.js";
import { EventSourceMappings } from "../../../../local/services/sqs/poller/event-source-mappings.js";
import { Queues } from "../../../../local/services/sqs/queue/queues.js";
import { MAPPING, message, queueModel, settle, TestClock } from "./support.js";

const setUp = (denied: string[] = []) => {
  const clock = new TestClock();
  const logs: LogEntry[] = [];
  const log = (entry: LogEntry): void => void logs.push(entry);
  const queues = new Queues({ clock, log, scale: 1, faults: {} });
  queues.set([queueModel("jobs")]);
  const [ran, asked]: [string[], string[]] = [[], []];
  const mappings = new EventSourceMappings({
    queues,
    permissions: {
      check: (callerId, [call]) => {
        asked.push(`${callerId} ${call!.action} ${call!.resource}`);
        return denied.includes(call!.action) ? ({ call, message: "" } as Refusal) : undefined;
      },
    },
    invoker: {
      async invoke(functionId) {
        ran.push(functionId);
        return { ok: true, payload: null };
      },
    },
    clock,
    log,
    maxBatches: 50,
    scale: 1,
  });
  const send = (): Promise<void> => {
    const { queue, polls } = queues.find("jobs")!;
    queue.send(message("a", clock.now()));
    polls.wake();
    return settle();
  };
  return { queues, mappings, logs, ran, asked, send };
};

test("a mapping runs its function, and after a change the new one", async () => {
  const { mappings, ran, asked, send } = setUp();
  mappings.set([MAPPING]);
  await send();
  mappings.set([{ ...MAPPING }]);
  expect(asked).toEqual(
    ["ReceiveMessage", "DeleteMessage", "GetQueueAttributes"].map((name) => `Worker sqs:${name} ${MAPPING.queueArn}`),
  );
  mappings.set([{ ...MAPPING, functionId: "Other" }]);
  await send();
  expect(ran).toEqual(["Worker", "Other"]);
  mappings.set([]);
  await send();
  mappings.set([MAPPING]);
  await settle();
  expect(ran).toEqual(["Worker", "Other", "Worker"]);
});

test("a mapping without all permissions runs nothing, and reports it", async () => {
  const { mappings, logs, ran, send } = setUp(["sqs:DeleteMessage"]);
  mappings.set([MAPPING]);
  await send();
  expect(ran).toEqual([]);
  expect(logs).toEqual([
    {
      level: "error",
      source: "sqs",
      message: "Mapping does not run Worker: its role may not call DeleteMessage on jobs.",
    },
  ]);
});

test("messages and mapping stay when their queue changes", async () => {
  const { queues, mappings, ran, send } = setUp();
  await send();
  queues.set([queueModel("jobs", { visibilitySeconds: 60 })]);
  mappings.set([MAPPING]);
  await settle();
  expect(ran).toEqual(["Worker"]);
  mappings.close();
  await send();
  expect([ran.length, queues.find("jobs")!.queue.counts.visible]).toEqual([1, 1]);
});
