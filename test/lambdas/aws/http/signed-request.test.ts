/** @jest-environment ./test/lambdas/aws/http/node-errors-environment.js */
import type { ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { createHash } from "node:crypto";
import aws4 from "aws4";
import { endpointOf, RequestTimeout, SignedClient } from "../../../../lambdas/aws/http/signed-request.js";
import { HttpServer, type Received, serverForEach } from "../../support/http-server.js";

const serverNow = serverForEach(() => ({
  AWS_ACCESS_KEY_ID: "AKIDEXAMPLE",
  AWS_SECRET_ACCESS_KEY: "example-key",
  AWS_SESSION_TOKEN: "example-token",
}));
let server: HttpServer;
beforeEach(() => void (server = serverNow()));

const clientAt = (url: string, service = "lambda") => new SignedClient({ service, endpoint: new URL(url) });

/** The Authorization header that this request should carry. */
const authorization = ({ method, path, headers, body }: Received, service: string, region = "eu-west-1"): string => {
  const signed = /SignedHeaders=([^,]+)/.exec(String(headers["authorization"]))?.[1]?.split(";") ?? [];
  const request = aws4.sign(
    {
      service,
      region,
      method,
      path,
      body,
      headers: Object.fromEntries(signed.map((name) => [name, String(headers[name])])),
      // The headers that aws4 would add by itself.
      extraHeadersToIgnore: { "content-type": !signed.includes("content-type"), "content-length": true },
    } as Parameters<typeof aws4.sign>[0],
    { accessKeyId: "AKIDEXAMPLE", secretAccessKey: "example-key", sessionToken: "example-token" },
  );
  return String(request.headers?.["Authorization"]);
};

describe("a request", () => {
  // The path stays encoded as it is.
  test("goes below the endpoint's path, signed with the session's credentials", async () => {
    server.answer = (_request, response) => response.writeHead(202, { "x-what": "that" }).end("größe 🎉");
    const client = clientAt(`${server.url}/live`, "execute-api");
    const answer = await client.send({
      method: "POST",
      path: "/@connections/a%3D",
      headers: { "X-Amz-Some": "1" },
      body: "ß",
      timeoutMs: 5_000,
    });
    expect(answer).toMatchObject({ status: 202, body: "größe 🎉", headers: { "x-what": "that" } });
    const [request] = server.received;
    expect(request).toMatchObject({ method: "POST", path: "/live/@connections/a%3D", body: "ß" });
    expect(request?.headers).toMatchObject({
      "x-amz-security-token": "example-token",
      "x-amz-some": "1",
      host: server.url.slice(7),
    });
    expect(request?.headers["authorization"]).toContain("/eu-west-1/execute-api/aws4_request");
    expect(request && authorization(request, "execute-api")).toBe(request?.headers["authorization"]);
  });

  test("with a prepared body sends its bytes without hashing them", async () => {
    const text = '{"data":"größe 🎉"}';
    const body = {
      latin1: Buffer.from(text).toString("latin1"),
      sha256: createHash("sha256").update(text).digest("hex"),
    };
    await clientAt(server.url, "execute-api").send({
      method: "POST",
      path: "/x",
      headers: { "Content-Type": "a/b" },
      body,
      timeoutMs: 5_000,
    });
    const [request] = server.received;
    expect(request).toMatchObject({
      body: text,
      headers: { "content-length": String(Buffer.byteLength(text)), "x-amz-content-sha256": body.sha256 },
    });
    expect(request && authorization(request, "execute-api")).toBe(request?.headers["authorization"]);
  });

  test("without a body sends none", async () => {
    await clientAt(server.url).send({ method: "DELETE", path: "/x", timeoutMs: 5_000 });
    expect(server.received).toMatchObject([{ method: "DELETE", path: "/x", body: "" }]);
  });

  test("is signed for the given Region", async () => {
    const client = new SignedClient({ service: "lambda", endpoint: new URL(server.url), region: "us-east-1" });
    await client.send({ method: "GET", path: "/", timeoutMs: 5_000 });
    expect(server.received[0]?.headers["authorization"]).toContain("/us-east-1/lambda/");
  });

  test.each([400, 403, 429, 500, 503])("with the response %i returns it, without a retry", async (status) => {
    server.answer = (_request, response) => response.writeHead(status).end("no");
    expect(await clientAt(server.url).send({ method: "GET", path: "/", timeoutMs: 5_000 })).toMatchObject({
      status,
      body: "no",
    });
    expect(server.received).toHaveLength(1);
  });

  test("without a response times out, without a retry", async () => {
    server.answer = () => undefined;
    await expect(clientAt(server.url).send({ method: "GET", path: "/", timeoutMs: 100 })).rejects.toThrow(
      RequestTimeout,
    );
    expect(server.received).toHaveLength(1);
  });

  test("whose response never ends times out", async () => {
    server.answer = (_request, response) => response.writeHead(200).write("half");
    await expect(clientAt(server.url).send({ method: "GET", path: "/", timeoutMs: 200 })).rejects.toThrow(
      RequestTimeout,
    );
  });

  test("to a closed port rejects", async () => {
    const { url } = server;
    const other = await HttpServer.start();
    const free = other.url;
    await other.close();
    await expect(clientAt(free).send({ method: "GET", path: "/", timeoutMs: 5_000 })).rejects.toMatchObject({
      code: "ECONNREFUSED",
    });
    expect(url).not.toBe(free);
  });
});

describe("a connection", () => {
  const sockets: (Socket | null)[] = [];
  const remember = (response: ServerResponse): void => void sockets.push(response.socket);
  beforeEach(() => sockets.splice(0));

  test("is kept for the next request", async () => {
    server.answer = (_request, response) => {
      remember(response);
      response.end();
    };
    const client = clientAt(server.url);
    for (const _ of [1, 2, 3]) await client.send({ method: "GET", path: "/", timeoutMs: 5_000 });
    expect(new Set(sockets).size).toBe(1);
  });

  test("that was kept and broke is replaced, and the request repeated", async () => {
    const client = clientAt(server.url);
    let answers = 0;
    server.answer = (_request, response) => {
      answers += 1;
      remember(response);
      // The first response leaves a connection behind. The next request finds it broken.
      if (answers === 2) response.destroy();
      else response.end(`answer ${answers}`);
    };
    await client.send({ method: "GET", path: "/", timeoutMs: 5_000 });
    expect(await client.send({ method: "GET", path: "/", timeoutMs: 5_000 })).toMatchObject({ body: "answer 3" });
    expect(sockets[1]).toBe(sockets[0]);
    expect(sockets[2]).not.toBe(sockets[0]);
  });

  // They are all as old, for example after a freeze of the environment.
  test("that broke makes the pool drop all idle connections", async () => {
    const client = clientAt(server.url);
    const waiting: ServerResponse[] = [];
    server.answer = (_request, response) => {
      remember(response);
      waiting.push(response);
      if (waiting.length === 8) for (const each of waiting) each.end();
    };
    const many = () =>
      Promise.all(Array.from({ length: 8 }, () => client.send({ method: "GET", path: "/", timeoutMs: 5_000 })));
    await many();
    const frozen = new Set(sockets);
    expect(frozen.size).toBe(8);
    server.answer = (_request, response) => (frozen.has(response.socket) ? response.destroy() : response.end("thawed"));
    expect((await many()).map(({ body }) => body)).toEqual(Array.from({ length: 8 }, () => "thawed"));
    // No requests used the dropped connections. The connections that are kept now have worked.
    const before = server.received.length;
    await many();
    expect(server.received).toHaveLength(before + 8);
  });

  // The server may have received the request.
  test("that broke while new rejects", async () => {
    server.answer = (_request, response) => response.destroy();
    await expect(clientAt(server.url).send({ method: "GET", path: "/", timeoutMs: 5_000 })).rejects.toMatchObject({
      code: "ECONNRESET",
    });
    expect(server.received).toHaveLength(1);
  });

  test("that breaks during the response rejects, without a retry", async () => {
    const client = clientAt(server.url);
    await client.send({ method: "GET", path: "/", timeoutMs: 5_000 });
    server.answer = (_request, response) => {
      response.writeHead(200, { "content-length": "100" }).write("half");
      setImmediate(() => response.destroy());
    };
    await expect(client.send({ method: "GET", path: "/", timeoutMs: 5_000 })).rejects.toMatchObject({
      code: "ECONNRESET",
    });
    expect(server.received).toHaveLength(2);
  });

  test("that was kept is not waited for beyond the timeout", async () => {
    const client = clientAt(server.url);
    await client.send({ method: "GET", path: "/", timeoutMs: 5_000 });
    server.answer = () => undefined;
    await expect(client.send({ method: "GET", path: "/", timeoutMs: 100 })).rejects.toThrow(RequestTimeout);
    expect(server.received).toHaveLength(2);
  });
});

describe("an endpoint", () => {
  afterEach(() => delete process.env["PUSH_IT_URL_SUFFIX"]);

  test.each([
    ["eu-central-1", "amazonaws.com", "https://lambda.eu-central-1.amazonaws.com/"],
    ["cn-north-1", "amazonaws.com.cn", "https://lambda.cn-north-1.amazonaws.com.cn/"],
    ["us-gov-west-1", "amazonaws.com", "https://lambda.us-gov-west-1.amazonaws.com/"],
    ["eusc-de-east-1", "amazonaws.eu", "https://lambda.eusc-de-east-1.amazonaws.eu/"],
    ["us-iso-east-1", "c2s.ic.gov", "https://lambda.us-iso-east-1.c2s.ic.gov/"],
  ])("in %s, with the partition's domain %s, is %s", (region, suffix, endpoint) => {
    process.env["PUSH_IT_URL_SUFFIX"] = suffix;
    expect(endpointOf("lambda", "LAMBDA", region).href).toBe(endpoint);
  });

  test("is the value of the SDK's variable if it is set", () => {
    process.env["AWS_ENDPOINT_URL_LAMBDA"] = "http://127.0.0.1:1234/x";
    expect(endpointOf("lambda", "LAMBDA").href).toBe("http://127.0.0.1:1234/x");
  });

  test("is in the function's Region by default", () => {
    expect(endpointOf("lambda", "LAMBDA").host).toBe("lambda.eu-west-1.amazonaws.com");
  });
});
