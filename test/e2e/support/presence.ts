import type { PresenceEventData, PresencePage } from "../../../protocol/index.js";
import type { Wire } from "./wire.js";

/** The presence events that a client has received for a channel. */
export const presenceEvents = (wire: Wire, channel: string): PresenceEventData[] =>
  wire.received
    .filter((each) => each.channel === "/meta/presence" && each.successful === undefined)
    .map(({ data }) => data as unknown as PresenceEventData)
    .filter((each) => each.channel === channel);

/** Resolves when a client has received the event of an agent that joined or left. */
export const presenceEvent = (
  wire: Wire,
  channel: string,
  kind: "joined" | "left",
  agent: string,
): Promise<PresenceEventData> =>
  wire.until(
    () => presenceEvents(wire, channel).find((each) => each[kind]?.agent === agent),
    `that ${agent} ${kind} ${channel}`,
  );

/** Asks for a page of the presence of a channel, after a place. */
export const ask = (wire: Wire, channel: string, after?: string) =>
  wire.request({
    action: "presence",
    channel: "/meta/presence",
    data: { channel, ...(after === undefined ? {} : { after }) },
  });

/** The first page of the presence of a channel. */
export const presencePage = async (wire: Wire, channel: string): Promise<PresencePage> =>
  (await ask(wire, channel)).data as unknown as PresencePage;

/** Pings with the channels on which the agent is present. */
export const ping = (wire: Wire, present: unknown) =>
  wire.request({ action: "ping", channel: "/meta/ping", data: { presentChannels: present } });
