import { offer } from "../../client/src/connection/handshake.js";

const credentialsOf = (protocols: string[] | undefined): unknown => {
  const entry = protocols!.find((name) => name.startsWith("push-it.credentials."))!;
  return JSON.parse(Buffer.from(entry.slice("push-it.credentials.".length), "base64url").toString());
};

describe("the offered subprotocols", () => {
  it("are the version and the wish to hear a denial's reason; credentials only where there are some", () => {
    expect(offer(undefined)).toEqual(["push-it.v1", "push-it.v1.denied"]);
  });

  it.each([["a token"], [{ user: "Zoë", roles: ["editor"] }], [null], [""], [0], [false], [["ÿÿ>>??", "\u{1f600}"]]])(
    "carry any JSON: %j",
    (credentials) => {
      const protocols = offer(credentials);
      expect(credentialsOf(protocols)).toEqual(credentials);
      // The characters that a header's list of names may have, and no padding.
      expect(protocols![2]).toMatch(/^push-it\.credentials\.[\w-]+$/);
    },
  );

  it("carry up to 4,096 bytes of JSON, and no more", () => {
    expect(credentialsOf(offer("x".repeat(4_094)))).toHaveLength(4_094);
    expect(offer("x".repeat(4_095))).toBeUndefined();
    expect(offer("ö".repeat(2_047))).toBeDefined();
    expect(offer("ö".repeat(2_048))).toBeUndefined();
  });

  it("fit the 10,240 bytes that API Gateway allows for all headers", () => {
    expect(offer("x".repeat(4_094))!.join(", ").length).toBeLessThan(6_000);
  });
});
