import { type Json, Meta, type Reply, type SubscribeResult } from "../../../protocol/index.js";
import { NotTried } from "./not-tried.js";
import { freshId } from "../remote/ids.js";
import type { Wire } from "./wire.js";

/** What a deployment can let channels do. */
export type Feature = "plain" | "history" | "presence" | "latest" | "wildcards";

/** What was found out about the channels below a prefix. */
export interface Probed {
  prefix: string;
  /** The one that was tried. */
  channel: string;
  has: ReadonlySet<Feature>;
  /** Why nothing can be tried there; left out: it can. */
  closed?: string;
}

/** What is published: guards that want an object with a text find one. */
export const dataOf = (n: number, more: Record<string, Json> = {}): Json => ({
  text: `push-it-cli check, message ${n}`,
  n,
  ...more,
});

/** How each feature is called, and the prop of the construct that has it. */
const PROPS: Record<Feature, [string, string]> = {
  plain: ["can be published on", "guards"],
  history: ["keeps a history", "channels: { history }"],
  presence: ["tells who is present", "channels: { presence: true }"],
  latest: ["keeps its latest value", "channels: { latest: true }"],
  wildcards: ["allows wildcards", "wildcards"],
};

/** Why a guard's refusal makes a trial impossible; `undefined` for other answers. */
export const denialOf = ({ code, error }: Reply, what: string): string | undefined =>
  code === "denied" ? `the guard denies ${what}: ${error ?? "no reason"}` : undefined;

/** Finds out what the channels below each prefix can do. */
export const probe = async (wire: Wire, prefixes: readonly string[], run: string): Promise<Probed[]> => {
  const found: Probed[] = [];
  for (const prefix of prefixes) found.push(await probeOne(wire, prefix, run));
  return found;
};

const probeOne = async (wire: Wire, prefix: string, run: string): Promise<Probed> => {
  const channel = `${prefix}/${run}/probe`;
  const subscribe = (name: string): Promise<Reply> =>
    wire.request({ action: "subscribe", channel: Meta.subscribe, data: { channel: name } });
  const first = await subscribe(channel);
  const published = await wire.request({ action: "publish", channel, uuid: freshId(), data: dataOf(0), echo: false });
  const closed = denialOf(first, `subscribing to ${channel}`) ?? denialOf(published, `publishing on ${channel}`);
  const again = first.successful && published.successful ? await subscribe(channel) : first;
  const wildcard = await subscribe(`${prefix}/${run}/*`);
  const names = [...(first.successful ? [channel] : []), ...(wildcard.successful ? [`${prefix}/${run}/*`] : [])];
  if (names.length > 0)
    await wire.request({ action: "unsubscribe", channel: Meta.unsubscribe, data: { channels: names } });
  return { prefix, channel, has: featuresOf(first, again, wildcard), ...(closed !== undefined && { closed }) };
};

/** What a channel can do, by the answers to two subscriptions, with a publication between them, and to a wildcard. */
const featuresOf = (first: Reply, again: Reply, wildcard: Reply): ReadonlySet<Feature> => {
  const [before = {}, after = {}] = [first.data, again.data] as (Partial<SubscribeResult> | undefined)[];
  const has = new Set<Feature>(["plain"]);
  if (before.position) has.add("history");
  if (before.presenceIntervalMs !== undefined) has.add("presence");
  // With history, a subscription without a position brings a message only if the latest value is kept, too.
  if (after.latest ?? (after.messages && after.messages.length > 0)) has.add("latest");
  if (wildcard.successful) has.add("wildcards");
  return has;
};

/**
 * The first prefix whose channels can do something.
 * @throws NotTried if there is none, with what to change
 */
export const prefixWith = (probed: readonly Probed[], feature: Feature): string => {
  const open = probed.filter(({ closed }) => closed === undefined);
  if (open.length === 0)
    throw new NotTried(
      `${probed[0]?.closed ?? "there is no channel"}. Name a channel that is permitted with --channel`,
    );
  const found = open.find(({ has }) => has.has(feature));
  if (found) return found.prefix;
  const [does, prop] = PROPS[feature];
  const where = open.map(({ prefix }) => `${prefix}/…`).join(" or ");
  throw new NotTried(`no channel of ${where} ${does}. Set ${prop} for it, or name another with --channel`);
};
