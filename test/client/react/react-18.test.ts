import "./support/page.js";
import { version } from "react";
import { channelTests } from "./suite/channel.js";
import { messagesTests } from "./suite/messages.js";
import { presenceTests } from "./suite/presence.js";
import { renderingTests } from "./suite/rendering.js";

jest.mock("react", () => jest.requireActual<object>("./react-18/node_modules/react"));
jest.mock("react-dom/client", () => jest.requireActual<object>("./react-18/node_modules/react-dom/client"));
jest.mock("react-dom/server", () => jest.requireActual<object>("./react-18/node_modules/react-dom/server"));

describe(`React ${version}`, () => {
  describe("subscriptions", channelTests);
  describe("messages", messagesTests);
  describe("members", presenceTests);
  describe("rendering", renderingTests);
});
