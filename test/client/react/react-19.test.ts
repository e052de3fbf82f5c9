import "../bindings/document.js";
import { version } from "react";
import { channelTests } from "../bindings/channel.js";
import { messagesTests } from "../bindings/messages.js";
import { presenceTests } from "../bindings/presence.js";
import { renderingTests } from "./rendering.js";
import { react } from "./support/mount.js";

describe(`React ${version}`, () => {
  describe("subscriptions", () => channelTests(react));
  describe("messages", () => messagesTests(react));
  describe("members", () => presenceTests(react));
  describe("rendering", renderingTests);
});
