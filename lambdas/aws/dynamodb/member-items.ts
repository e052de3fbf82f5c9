import type { Json } from "../../../protocol/index.js";
import { type Announcement, infoDigest, PLACE_SEPARATOR, type PresenceEntry } from "../../presence/members.js";
import type { Item } from "./items.js";

/** Reads the entry of a connection of a member. */
export const entryOf = (item: Item): PresenceEntry => {
  const place = item["sk"]?.S ?? "";
  const [userId, encoded, leftAt] = [item["n"]?.S, item["i"]?.S, item["g"]?.N];
  // Other entries have a lease only for functions of version 0.2.0.
  const until = place.includes(PLACE_SEPARATOR) ? undefined : item["l"]?.N;
  const info = encoded === undefined ? undefined : (JSON.parse(encoded) as Json);
  const since = Number(item["s"]?.N);
  const [announced, leaving] = [announcementOf(item, info), item["z"]?.S];
  return {
    place,
    connectionId: item["c"]?.S ?? "",
    agent: item["u"]?.S ?? "",
    since,
    changedAt: Number(item["r"]?.N ?? since),
    ...(userId === undefined ? {} : { userId }),
    ...(info === undefined ? {} : { info }),
    ...(item["S"]?.S === undefined ? {} : { state: JSON.parse(item["S"].S) as Json }),
    ...(item["sa"] && { stateAt: Number(item["sa"].N) }),
    ...(item["st"] && { stateAnnounced: { at: Number(item["st"].N), digest: item["sd"]?.S ?? "" } }),
    ...(leftAt === undefined ? {} : { leftAt: Number(leftAt) }),
    ...(announced && { announced }),
    ...(leaving !== undefined && { leaving: { as: leaving, at: Number(item["y"]?.N) } }),
    ...(until === undefined ? {} : { until: Number(until) }),
    ...(item["mv"] && { moved: true }),
  };
};

/** Version 0.2.0 stored only when it announced a member, with the info of the entry. */
const announcementOf = (item: Item, info: Json | undefined): Announcement | undefined =>
  item["t"] && {
    as: item["f"]?.S ?? item["u"]?.S ?? "",
    at: Number(item["t"].N),
    digest: item["d"]?.S ?? infoDigest(info),
  };
