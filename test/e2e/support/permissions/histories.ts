import { headKey } from "../../../../lambdas/core/keys.js";
import { putRow } from "../rows.js";
import type { TestSystem } from "../system.js";
import type { Wire } from "../wire.js";
import type { Tools } from "./tools.js";

/** An offset that is taken, and whose writer died: whoever reads next seals it, or finds what came there meanwhile. */
const leaveGap = async (system: TestSystem, channel: string): Promise<void> => {
  const now = String(Date.now() - 60_000);
  await putRow(system.running, { ...headKey(channel), n: "1", e: "e1", t: now, b: now, ttl: "9999999999" });
};

/** Stores, repeats, and reads histories, by all who do that. */
export const keep = async ({ system, allowed, outlive, idOf }: Tools, publisher: Wire): Promise<void> => {
  for (const action of ["publish", "send"]) {
    const channel = `history/${action}`;
    await allowed(publisher.subscribe(channel));
    for (const uuid of ["once", "once"]) {
      publisher.send({ action, channel, uuid: `${action}-${uuid}`, data: `${action} ${uuid}` });
      await allowed(publisher.message(`${action} ${uuid}`));
    }
    const twice = (): boolean => publisher.messages(channel).length === 2;
    await allowed(publisher.until(() => twice() && "came", "the repetition"));
  }
  for (const channel of ["history/subscribe", "history/history", "history/publisher"]) await leaveGap(system, channel);
  const since = { epoch: "e1", offset: 0 };
  const target = { channel: "history/subscribe", since };
  const { data } = await allowed(publisher.request({ action: "subscribe", channel: "/meta/subscribe", data: target }));
  expect(data).toMatchObject({ recovered: true, position: { offset: 1 } });
  const read = { action: "history", channel: "/meta/history" };
  expect((await allowed(publisher.request({ ...read, data: { channel: "history/publish" } }))).data).toMatchObject({ messages: [{ uuid: "publish-once" }] });
  expect((await allowed(publisher.request({ ...read, data: { channel: "history/history", since } }))).data).toMatchObject({ position: { offset: 1 } });
  expect((await allowed(publisher.request({ ...read, data: { channel: "history/new" } }))).data).toMatchObject({ position: { offset: 0 } });
  const positions = { "history/subscribe": since };
  const pinged = await allowed(publisher.request({ action: "ping", channel: "/meta/ping", data: { positions } }));
  expect(pinged.data).toMatchObject({ behind: ["history/subscribe"] });
  const entry = { channel: "history/backend", uuid: "once", data: "history" };
  for (const request of [
    { version: 1, publish: [entry] },
    { version: 1, publish: [entry] },
    { version: 1, history: { channel: "history/publisher", since } },
  ]) expect(await allowed(system.running.invoke(idOf("PublisherFunction"), request))).toMatchObject({ ok: true });
  const { wire } = await outlive();
  wire.send({ action: "history", channel: "/meta/history", uuid: "1", data: {} });
  await allowed(wire.ended());
};
