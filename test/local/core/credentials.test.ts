import { Credentials } from "../../../local/core/credentials.js";

describe("credentials", () => {
  const credentials = new Credentials();

  test("are different for each function, and stay the same", () => {
    expect(credentials.of("A")).toBe(credentials.of("A"));
    expect(credentials.of("A").accessKeyId).not.toBe(credentials.of("B").accessKeyId);
    expect(credentials.of("A").secretAccessKey).not.toBe(credentials.of("B").secretAccessKey);
  });

  test("have only letters and digits in the key's id, for DynamoDB Local", () => {
    expect(credentials.of("With-a strange/id").accessKeyId).toMatch(/^[A-Z0-9]{20}$/);
  });

  test("identify the signer of a request", () => {
    const { accessKeyId, secretAccessKey } = credentials.of("A");
    const header = `AWS4-HMAC-SHA256 Credential=${accessKeyId}/20260101/eu-west-1/dynamodb/aws4_request, Signature=0`;
    expect(credentials.identifyHeader(header)).toBe("A");
    expect(credentials.secretFor(accessKeyId)).toBe(secretAccessKey);
  });

  test("belong to no function if they were never issued", () => {
    expect(credentials.identifyHeader(undefined)).toBeUndefined();
    expect(credentials.identifyHeader("Credential=AKIDEXAMPLE/20260101/x/y/aws4_request")).toBeUndefined();
    expect(credentials.secretFor("AKIDEXAMPLE")).toBeUndefined();
  });
});
