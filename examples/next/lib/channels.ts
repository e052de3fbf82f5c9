import { channel, defineChannels } from "push-it-client/channels";
import * as v from "valibot";

/** The types of the rooms' messages and states. The page and the guards check them, and the compiler knows them. */
export const channels = defineChannels({
  "rooms/*": channel({
    message: v.object({ text: v.pipe(v.string(), v.nonEmpty(), v.maxLength(500)) }),
    presence: v.object({ typing: v.optional(v.boolean()) }),
  }),
});

declare module "push-it-client/channels" {
  interface Register {
    channels: typeof channels;
  }
}
