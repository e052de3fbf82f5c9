import { urlEvent, type UrlFacts, type UrlRequest } from "../../../../local/services/urls/event.js";

const place = { partition: "aws", region: "eu-west-1", account: "123456789012" };
const FACTS: UrlFacts = {
  urlId: "abc",
  place,
  requestId: "0a1b2c3d-0000-0000-0000-000000000001",
  now: Date.UTC(2026, 2, 5, 19, 3, 58),
};
const request = (more: Partial<UrlRequest> = {}): UrlRequest => ({
  method: "GET",
  url: "/",
  rawHeaders: ["Host", "127.0.0.1:4000"],
  body: Buffer.alloc(0),
  sourceIp: "127.0.0.1",
  protocol: "HTTP/1.1",
  ...more,
});

test("has every field of payload format 2.0", () => {
  const caller = { accessKeyId: "ASIAX", arn: "arn:aws:sts::123456789012:assumed-role/R/s", userId: "AROAX:s" };
  const asked = request({
    method: "POST",
    url: "/my%20path/x?a=1&a=2&b=c%20d&e",
    rawHeaders: [
      ...["Host", "127.0.0.1:4000", "X-Twice", "1", "x-twice", "2", "Cookie", "a=1; b=2"],
      ...[
        "User-Agent",
        "curl",
        "Content-Type",
        "application/json",
        "Authorization",
        "secret",
        "X-Amz-Security-Token",
        "secret",
      ],
    ],
    body: Buffer.from('{"ü":1}'),
  });
  expect(urlEvent(asked, { ...FACTS, caller })).toEqual({
    version: "2.0",
    routeKey: "$default",
    rawPath: "/my path/x",
    rawQueryString: "a=1&a=2&b=c%20d&e",
    cookies: ["a=1", "b=2"],
    headers: {
      host: "127.0.0.1:4000",
      "x-twice": "1,2",
      cookie: "a=1; b=2",
      "user-agent": "curl",
      "content-type": "application/json",
      "x-forwarded-for": "127.0.0.1",
      "x-forwarded-port": "4000",
      "x-forwarded-proto": "http",
      "x-amzn-trace-id": "Root=1-0a1b2c3d-000000000000000000000001",
    },
    queryStringParameters: { a: "1,2", b: "c d", e: "" },
    requestContext: {
      accountId: "123456789012",
      apiId: "abc",
      authorizer: {
        iam: {
          accessKey: "ASIAX",
          accountId: "123456789012",
          callerId: "AROAX:s",
          cognitoIdentity: null,
          principalOrgId: null,
          userArn: caller.arn,
          userId: "AROAX:s",
        },
      },
      domainName: "127.0.0.1:4000",
      domainPrefix: "abc",
      http: { method: "POST", path: "/my path/x", protocol: "HTTP/1.1", sourceIp: "127.0.0.1", userAgent: "curl" },
      requestId: FACTS.requestId,
      routeKey: "$default",
      stage: "$default",
      time: "05/Mar/2026:19:03:58 +0000",
      timeEpoch: FACTS.now,
    },
    body: '{"ü":1}',
    isBase64Encoded: false,
  });
});

test("leaves out what there is none of", () => {
  const event = urlEvent(request(), FACTS);
  expect(Object.keys(event)).toEqual([
    "version",
    "routeKey",
    "rawPath",
    "rawQueryString",
    "headers",
    "requestContext",
    "isBase64Encoded",
  ]);
  expect(event).toMatchObject({ requestContext: { accountId: "anonymous" } });
  expect(event["requestContext"]).not.toHaveProperty("authorizer");
});

test.each<[string, string | Buffer, string, boolean]>([
  ["application/json; charset=utf-8", "{}", "{}", false],
  ["application/vnd.api+json", "{}", "{}", false],
  ["text/plain", "ü", "ü", false],
  ["text/plain", Buffer.from([0xff]), "/w==", true],
  ["application/x-www-form-urlencoded", "a=1", "YT0x", true],
  ["application/octet-stream", "a", "YQ==", true],
  ["", "a", "YQ==", true],
])("a body of type %j", (type, sent, body, isBase64Encoded) => {
  const rawHeaders = ["Host", "h", ...(type ? ["Content-Type", type] : [])];
  expect(urlEvent(request({ rawHeaders, body: Buffer.from(sent) }), FACTS)).toMatchObject({ body, isBase64Encoded });
});

test("takes a path that cannot be decoded as it is", () => {
  expect(urlEvent(request({ url: "/%zz?%zz" }), FACTS)).toMatchObject({ rawPath: "/%zz", rawQueryString: "%zz" });
});
