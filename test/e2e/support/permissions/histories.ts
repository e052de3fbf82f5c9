import { headKey } from "../../../../lambdas/aws/dynamodb/keys.js";
import { putRow } from "../rows.js";
import type { TestSystem } from "../system.js";
import type { Wire } from "../wire.js";
import type { Tools } from "./tools.js";

/** An offset whose writer died a minute ago. The next reader seals it. */
export const leaveGap = async (system: TestSystem, channel: string): Promise<void> => {
  const at = String(Date.now() - 60_000);
  await putRow(system.running, { ...headKey(channel), n: "1", e: "e1", t: at, b: at, ttl: "9999999999" });
};

/** Stores, repeats and reads histories below `history/`, by all functions that do that. */
export const useHistories = async ({ system, allowed, idOf }: Tools, publisher: Wire): Promise<void> => {
  for (const action of ["publish", "send"]) {
    const channel = `history/${action}`;
    await allowed(publisher.subscribe(channel));
    for (let times = 1; times <= 2; times += 1) {
      publisher.send({ action, channel, uuid: `${action}-once`, data: action });
      await allowed(publisher.until(() => publisher.messages(channel).length === times && "came", `it ${times} times`));
    }
  }
  for (const channel of ["history/subscribe", "history/history", "history/publisher"]) await leaveGap(system, channel);
  const since = { epoch: "e1", offset: 0 };
  const target = { channel: "history/subscribe", since };
  const { data } = await allowed(publisher.request({ action: "subscribe", channel: "/meta/subscribe", data: target }));
  expect(data).toMatchObject({ recovered: true, position: { offset: 1 } });

  const read = async (query: Record<string, unknown>): Promise<unknown> =>
    (await allowed(publisher.request({ action: "history", channel: "/meta/history", data: query }))).data;
  expect(await read({ channel: "history/publish" })).toMatchObject({ messages: [{ uuid: "publish-once" }] });
  expect(await read({ channel: "history/history", since })).toMatchObject({ position: { offset: 1 } });
  expect(await read({ channel: "history/new" })).toMatchObject({ position: { offset: 0 } });

  const positions = { "history/subscribe": since };
  const pinged = await allowed(publisher.request({ action: "ping", channel: "/meta/ping", data: { positions } }));
  expect(pinged.data).toMatchObject({ laggingChannels: ["history/subscribe"] });
  const beaten = await allowed(publisher.request({ action: "heartbeat", channel: "/meta/ping", data: { positions } }));
  expect(beaten.data).toMatchObject({ laggingChannels: ["history/subscribe"] });

  const publish = [{ channel: "history/backend", uuid: "once", data: "history" }];
  const requests = [
    { version: 1, publish },
    { version: 1, publish },
    { version: 1, history: { channel: "history/publisher", since } },
    { version: 1, forgetUser: { userId: "nobody", after: "" } },
  ];
  for (const request of requests)
    expect(await allowed(system.running.invoke(idOf("PublisherFunction"), request))).toMatchObject({ ok: true });
};
