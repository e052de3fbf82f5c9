import "../bindings/document.js";
import { version } from "vue";
import { channelTests } from "../bindings/channel.js";
import { messagesTests } from "../bindings/messages.js";
import { presenceTests } from "../bindings/presence.js";
import { vue } from "./framework.js";
import { renderingTests } from "./rendering.js";

describe(`Vue ${version}`, () => {
  describe("subscriptions", () => channelTests(vue));
  describe("messages", () => messagesTests(vue));
  describe("members", () => presenceTests(vue));
  describe("rendering", renderingTests);
});
