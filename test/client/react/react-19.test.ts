import "./support/page.js";
import { version } from "react";
import { channelTests } from "./suite/channel.js";
import { messagesTests } from "./suite/messages.js";
import { presenceTests } from "./suite/presence.js";
import { renderingTests } from "./suite/rendering.js";

describe(`React ${version}`, () => {
  describe("subscriptions", channelTests);
  describe("messages", messagesTests);
  describe("members", presenceTests);
  describe("rendering", renderingTests);
});
