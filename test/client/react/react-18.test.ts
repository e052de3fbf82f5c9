import "../bindings/document.js";
import { version } from "react";
import { channelTests } from "../bindings/channel.js";
import { messagesTests } from "../bindings/messages.js";
import { presenceTests } from "../bindings/presence.js";
import { renderingTests } from "./rendering.js";
import { react } from "./support/mount.js";

jest.mock("react", () => jest.requireActual<object>("./react-18/node_modules/react"));
jest.mock("react-dom/client", () => jest.requireActual<object>("./react-18/node_modules/react-dom/client"));
jest.mock("react-dom/server", () => jest.requireActual<object>("./react-18/node_modules/react-dom/server"));

describe(`React ${version}`, () => {
  describe("subscriptions", () => channelTests(react));
  describe("messages", () => messagesTests(react));
  describe("members", () => presenceTests(react));
  describe("rendering", renderingTests);
});
