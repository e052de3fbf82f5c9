import { type JsonObject, isJsonObject } from "../lib/json.js";
import type { Json } from "../../protocol/index.js";
import { answers, bad, CODES, ERROR } from "./build-prediction.js";
import { own, uuidIn } from "./frame-fields.js";
import * as names from "./protocol-rules.js";
import * as policy from "./policy.js";
import type { ContentCheck, ExpectedAnswer, Prediction, Publication } from "./prediction.js";

/* Predicts publish and send frames. */

const isMessage = (value: unknown): value is JsonObject & { uuid: string; channel: string; data: Json } =>
  isJsonObject(value) &&
  names.isUuid(own(value, "uuid")) &&
  typeof own(value, "channel") === "string" &&
  Object.hasOwn(value, "data") &&
  ["echo", "ephemeral"].every((flag) => !Object.hasOwn(value, flag) || typeof value[flag] === "boolean");

/** Whether a message fits a frame, and a history answer too. */
const fits = ({ channel, uuid, data, fingerprint }: Publication, publisher: policy.Publisher): boolean => {
  // A history answer has space for the time of acceptance; a delivery has not.
  const added =
    fingerprint === undefined ? { at: 9_999_999_999_999 } : { offset: 9_999_999_999_999, epoch: "x".repeat(24) };
  const from = policy.hasFrom(channel) ? { from: policy.fromOf(publisher) } : {};
  return (
    Buffer.byteLength(JSON.stringify({ channel, uuid, data, ...from, ...added })) <=
    names.MAX_FRAME_BYTES - (fingerprint === undefined ? 0 : 1_024)
  );
};

/** Whether a message reuses the uuid of a different message of its frame, on a channel with history. */
const isReuse = (publish: readonly Publication[], all: readonly Publication[]): boolean =>
  all.some(({ channel, uuid, fingerprint }) =>
    publish.some(
      (each) =>
        each.fingerprint !== undefined &&
        fingerprint !== undefined &&
        each.channel === channel &&
        each.uuid === uuid &&
        each.fingerprint !== fingerprint,
    ),
  );

/** Predicts a `publish` or `send` frame. */
export const publication = (frame: JsonObject, publisher: policy.Publisher): Prediction => {
  const list: unknown = Object.hasOwn(frame, "messages") ? frame["messages"] : [frame];
  if (!Array.isArray(list) || list.length === 0) return bad(frame);
  if (list.length > names.MAX_ITEMS_PER_FRAME) {
    const told = list.slice(0, names.MAX_ITEMS_PER_FRAME);
    return answers(told.map((each) => ({ channels: [ERROR], ...uuidIn(each), code: "too_many" })));
  }
  if (!list.every(isMessage)) {
    return answers(list.map((each) => ({ channels: [ERROR], ...uuidIn(each), code: "bad_frame" })));
  }
  const publish: Publication[] = [];
  const told = list.map(({ uuid, channel, data, echo, ephemeral }): ExpectedAnswer => {
    const code = names.checkPublicationName(channel) ?? CODES[policy.decisionOn("publish", channel)];
    if (code) return { channels: [ERROR], uuid, code };
    const fingerprint = JSON.stringify([channel, data]);
    const all = policy.targetChannels(channel).map((each) => ({
      channel: each,
      uuid,
      data,
      echo: echo !== false,
      ...(ephemeral === true ? { ephemeral } : policy.hasHistory(each) && { fingerprint }),
    }));
    if (!all.every((each) => fits(each, publisher))) return { channels: [ERROR], uuid, code: "too_large" };
    if (isReuse(publish, all)) return { channels: [ERROR], uuid, code: "uuid_reused" };
    publish.push(...all);
    const content: ContentCheck = { kind: "stored", channel, uuid, data, fingerprint };
    return {
      channels: ["/meta/successful"],
      uuid,
      ...(all.length === 0 ? { data: policy.RESULT } : {}),
      ...(policy.hasHistory(channel) && ephemeral !== true && all.length > 0 && { content: content }),
    };
  });
  return answers(told, { publish, messages: list.length });
};
