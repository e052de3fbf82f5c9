import type { Json } from "../../../../protocol/index.js";
import type { Fault, Item } from "./gateway-proxy.js";

/** A way to break a system. */
export interface Broken {
  /** The check that has to name it. */
  names: string;
  /** Checks that may fail as well, because the same fault breaks their promise, too. */
  also?: string[];
  fault: Fault;
}

const isMessage = ({ channel, data }: Item): boolean => data !== undefined && !String(channel).startsWith("/meta/");

/** Frames one by one, each changed, or left out. */
const each =
  (change: (item: Item) => Item | undefined): Fault["down"] =>
  (items) => [items.map(change).filter((item) => item !== undefined)];

/** Replies to one kind of request, with other data. */
const replies = (channel: string, change: (data: Record<string, Json>) => Item): Fault["down"] =>
  each((item) =>
    item["channel"] === channel && item["successful"] === true
      ? { ...item, data: change(item["data"] as Record<string, Json>) as Json }
      : item,
  );

const isPlain = ({ channel }: Item): boolean => !String(channel).includes("/kept/");

/** Every nth of what passes. */
const everyNth = (n: number): (() => boolean) => {
  let count = 0;
  return () => ++count % n === 0;
};

/** Ways to break a system, by what they are. */
export const FAULTS: Record<string, () => Broken> = {
  "drops every fourth message": () => {
    const drop = everyNth(4);
    const fault: Fault = { down: each((item) => (isMessage(item) && isPlain(item) && drop() ? undefined : item)) };
    return {
      names: "delivery",
      also: ["once", "order-in-frame", "order-across-frames", "echo", "unsubscription"],
      fault,
    };
  },
  "reverses the messages of a frame": () => ({
    names: "order-in-frame",
    fault: { down: (items) => [items.every(isMessage) ? items.toReversed() : items] },
  }),
  "lets each message wait for the next one": () => ({
    names: "order-across-frames",
    also: ["once"],
    fault: {
      down(items, { memory }) {
        const first = items[0] as Item;
        if (!isMessage(first) || !String(first["channel"]).endsWith("/order-across-frames")) return [items];
        const held = memory.get("held") as Item[] | undefined;
        memory.set("held", held ? undefined : items);
        return held ? [items, held] : [];
      },
    },
  }),
  "sends every message twice": () => ({
    names: "once",
    fault: { down: (items) => (items.every(isMessage) && isPlain(items[0] as Item) ? [items, items] : [items]) },
  }),
  "forgets subscriptions and says that it has them": () => ({
    names: "delivery",
    also: ["once", "order-in-frame", "order-across-frames", "echo", "unsubscription"],
    fault: {
      up(item, passing) {
        const { channel } = (item["data"] ?? {}) as { channel?: string };
        if (item["action"] !== "subscribe" || channel?.endsWith("probe") || channel?.endsWith("*")) return item;
        passing.answer({
          channel: "/meta/subscribe",
          uuid: item["uuid"],
          successful: true,
          data: { channel: channel ?? "" },
        });
        return undefined;
      },
    },
  }),
  "takes echo: false for true": () => ({ names: "echo", fault: { up: ({ echo: _echo, ...rest }) => rest } }),
  "closes above half of the frame's size": () => ({
    names: "sizes",
    fault: {
      up(item, passing) {
        if (JSON.stringify(item).length < 16 * 1024) return item;
        passing.close(1009);
        return undefined;
      },
    },
  }),
  "cuts long messages": () => ({
    names: "sizes",
    fault: {
      down: each((item) => {
        const data = item["data"] as { fill?: string } | undefined;
        return typeof data?.fill === "string" ? { ...item, data: { ...data, fill: data.fill.slice(1) } } : item;
      }),
    },
  }),
  "delivers through a wildcard again": () => ({
    names: "wildcards",
    fault: {
      down: (items) => (String((items[0] as Item)["channel"]).endsWith("/wildcards/one") ? [items, items] : [items]),
    },
  }),
  "shows an old latest value": () => {
    let first: Json | undefined;
    return {
      names: "latest",
      fault: {
        up(item) {
          if (item["action"] === "publish" && String(item["channel"]).endsWith("/latest")) first ??= item["uuid"];
          return item;
        },
        down: replies("/meta/subscribe", (data) => ({
          ...data,
          ...(Array.isArray(data["messages"]) &&
            data["recovered"] === undefined && {
              messages: data["messages"].map((message) => ({ ...(message as Item), uuid: first })) as Json,
            }),
        })),
      },
    };
  },
  "loses the first message of a history": () => ({
    names: "history",
    also: ["exactly-once"],
    fault: {
      down: replies("/meta/history", ({ messages, ...data }) => ({
        ...data,
        messages: (messages as Json[] | undefined)?.slice(1) ?? [],
      })),
    },
  }),
  "loses what was published during a cut": () => ({
    names: "recovery",
    fault: {
      down: replies("/meta/subscribe", ({ messages, recovered, ...data }) => ({
        ...data,
        ...(recovered === undefined ? { ...(messages && { messages }) } : { recovered }),
      })),
    },
  }),
  "stores a repeated publication again": () => {
    const seen = new Map<string, number>();
    return {
      names: "exactly-once",
      fault: {
        up(item) {
          if (item["action"] !== "publish" || typeof item["uuid"] !== "string") return item;
          const times = (seen.get(item["uuid"]) ?? 0) + 1;
          seen.set(item["uuid"], times);
          return times === 1 ? item : { ...item, uuid: `${item["uuid"]}_${times}` };
        },
        down: each((item) =>
          typeof item["uuid"] === "string" ? { ...item, uuid: item["uuid"].replace(/_\d$/, "") } : item,
        ),
      },
    };
  },
  "leaves somebody out of presence": () => ({
    names: "presence",
    fault: { down: replies("/meta/presence", (data) => ({ ...data, members: (data["members"] as Json[]).slice(1) })) },
  }),
  "tells nobody who comes": () => ({
    names: "presence",
    fault: { down: each((item) => ((item["data"] as Item | undefined)?.["joined"] ? undefined : item)) },
  }),
  "keeps who has left": () => ({
    names: "cleanup",
    fault: { down: each((item) => ((item["data"] as Item | undefined)?.["left"] ? undefined : item)) },
  }),
  "ignores unsubscriptions": () => ({
    names: "unsubscription",
    fault: {
      up(item, passing) {
        if (item["action"] !== "unsubscribe") return item;
        passing.answer({ channel: "/meta/unsubscribe", uuid: item["uuid"], successful: true, data: item["data"] });
        return undefined;
      },
    },
  }),
  "says another agent in each ping": () => {
    let count = 0;
    return {
      names: "ping",
      fault: { down: replies("/meta/ping", (data) => ({ ...data, agent: `agent-${++count}` })) },
    };
  },
  "leaves the limits out of pings": () => ({
    names: "ping",
    also: ["handshake"],
    fault: {
      down: replies("/meta/ping", ({ limits, ...data }) => ({
        ...data,
        limits: { frameBytes: (limits as { frameBytes: number }).frameBytes },
      })),
    },
  }),
  "gives no reason for a denial": () => ({
    names: "denial",
    fault: { down: each((item) => (item["channel"] === "/meta/connect" ? { ...item, error: undefined } : item)) },
  }),
  "accepts a version that does not exist": () => ({
    names: "handshake",
    fault: { refused: (status) => (status === 400 ? 0 : status) },
  }),
  "answers late": () => ({
    names: "answers",
    fault: { delayMs: ([item]) => (item?.["channel"] === "/meta/ping" ? SLOW_ANSWER_MS : 0) },
  }),
  "answers with other codes": () => ({
    names: "answers",
    fault: { down: each((item) => (item["code"] === "bad_frame" ? { ...item, code: "unavailable" } : item)) },
  }),
};

/** How late an answer comes from the gateway that answers late. */
export const SLOW_ANSWER_MS = 1_000;
