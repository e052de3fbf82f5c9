import { clientClose, protocolClose } from "../../../../local/services/gateway/connections/close-codes.js";

describe("a close by the client", () => {
  it("is reported as the client sent it", () => {
    expect(clientClose(1000, "bye")).toEqual({ code: 1000, reason: "bye" });
    expect(clientClose(1001, "")).toEqual({ code: 1001, reason: "" });
  });

  it("without a code has API Gateway's reason", () =>
    expect(clientClose(1005, "")).toEqual({ code: 1005, reason: "Client-side close frame status not set" }));
});

describe("a close that the protocol demands", () => {
  it.each([
    ["WS_ERR_UNSUPPORTED_MESSAGE_LENGTH", 1009],
    ["WS_ERR_INVALID_UTF8", 1007],
    ["WS_ERR_INVALID_OPCODE", 1002],
    ["ECONNRESET", undefined],
    [undefined, undefined],
  ])("for %s is %s", (error, code) => expect(protocolClose(error)?.code).toBe(code));
});
