import { Publisher } from "push-it-server/publisher";

jest.mock("@aws-sdk/client-lambda", () => {
  throw new Error("Cannot find module '@aws-sdk/client-lambda'");
});

test("if the AWS SDK is missing, the error explains the installation", async () => {
  const publisher = new Publisher({ functionName: "publisher" });
  await expect(publisher.publish("a", 1)).rejects.toMatchObject({
    name: "PublisherError",
    code: "bad_request",
    message: "The AWS SDK is missing: npm install @aws-sdk/client-lambda",
  });
});
