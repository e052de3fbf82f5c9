import { CREDENTIALS_PREFIX, SUBPROTOCOL, SUBPROTOCOL_DENIED } from "../../protocol/index.js";

/** RFC 9110's token: what a `Sec-WebSocket-Protocol` entry may consist of. */
const TOKEN = /^[!#$%&'*+\-.^_`|~\w]+$/;

test.each([SUBPROTOCOL, SUBPROTOCOL_DENIED, CREDENTIALS_PREFIX])(
  "%s can stand in a Sec-WebSocket-Protocol header",
  (name) => {
    expect(name).toMatch(TOKEN);
  },
);

test("the names of version 1 are different from each other", () => {
  expect(new Set([SUBPROTOCOL, SUBPROTOCOL_DENIED, CREDENTIALS_PREFIX]).size).toBe(3);
  expect(SUBPROTOCOL.startsWith(CREDENTIALS_PREFIX)).toBe(false);
  expect(SUBPROTOCOL_DENIED.startsWith(CREDENTIALS_PREFIX)).toBe(false);
});
