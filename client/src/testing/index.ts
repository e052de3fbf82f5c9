// A Push-It in memory, for tests. Applications do not import it.
export { FakePushIt, type FakeClientOptions, type FakePublishOptions } from "./fake-push-it.js";
export type { FakeChannelOptions, FakePushItOptions } from "./options.js";
export type {
  Agent,
  Channel,
  ChannelGuards,
  ChannelLike,
  ConnectedOptions,
  Connection,
  DenialOptions,
  Guards,
} from "../../../protocol/guards.js";
