import type { PushItError } from "push-it-client";
import { Meta, newId } from "../../../protocol/index.js";
import type { Problem } from "./subscriptions.js";
import { requestWords } from "./error-messages.js";

/** Why a request failed, with the code for programs and the reason for people. */
export const problemOf = ({ code, message }: PushItError): Problem => ({ code, reason: requestWords(code, message) });

/** The SDK needs no agent id, so it does not request one. A developer wants it for a search in the server's log. */
export const whoAmI = (): string =>
  JSON.stringify({ action: "connect", channel: Meta.connect, uuid: newId((bytes) => crypto.getRandomValues(bytes)) });
