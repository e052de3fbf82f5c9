import "../bindings/document.js";
import { VERSION } from "svelte/compiler";
import { channelTests } from "../bindings/channel.js";
import { messagesTests } from "../bindings/messages.js";
import { presenceTests } from "../bindings/presence.js";
import { svelte } from "./framework.js";
import { renderingTests } from "./rendering.js";

describe(`Svelte ${VERSION}`, () => {
  describe("subscriptions", () => channelTests(svelte));
  describe("messages", () => messagesTests(svelte));
  describe("members", () => presenceTests(svelte));
  describe("rendering", renderingTests);
});
