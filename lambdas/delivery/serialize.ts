import { MAX_FRAME_BYTES, type Limits, type Message, type WithheldMessage } from "../../protocol/index.js";
import { Frame } from "./frame.js";

/** A message as it travels, and its size. */
export interface SerializedMessage {
  json: string;
  /** Bytes of UTF-8. */
  bytes: number;
  /** Bytes of UTF-8 without `at`: limits of a message's size do not count it. */
  counted: number;
}

/** Serialises a message once, however many will receive it. */
export const serialize = ({ channel, uuid, data, from, at, offset, epoch }: Message): SerializedMessage =>
  packed({ channel, uuid, data, from, at, offset, epoch }, at === undefined ? 0 : `,"at":${at}`.length);

/** That there is a message which its recipient does not get. */
export const serializeWithheld = ({ channel, epoch, offset }: WithheldMessage): SerializedMessage =>
  packed({ channel, epoch, offset });

const packed = (value: object, uncounted = 0): SerializedMessage => {
  const json = JSON.stringify(value);
  const bytes = Buffer.byteLength(json);
  return { json, bytes, counted: bytes - uncounted };
};

/** Whether a message may be delivered: at most `messageBytes` without `at`, and a frame with it. */
export const fits = ({ bytes, counted }: SerializedMessage, { messageBytes }: Pick<Limits, "messageBytes">): boolean =>
  counted <= messageBytes && bytes <= MAX_FRAME_BYTES;

/** Messages, in order, in as few frames as the limit allows. Each message must fit a frame by itself. */
export const framesOf = (messages: readonly SerializedMessage[]): Frame[] => {
  const packed: Frame[] = [];
  let group: string[] = [];
  let bytes = 1;
  const flush = (): void => {
    if (group.length > 0) packed.push(new Frame(group.length === 1 ? group.join() : `[${group.join(",")}]`));
    group = [];
    bytes = 1;
  };
  for (const message of messages) {
    // Each message costs itself and one comma or bracket; `bytes` starts with the other bracket.
    if (bytes + message.bytes + 1 > MAX_FRAME_BYTES) flush();
    group.push(message.json);
    bytes += message.bytes + 1;
  }
  flush();
  return packed;
};
