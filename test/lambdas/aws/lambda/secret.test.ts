import aws4 from "aws4";
import { secret } from "../../../../lambdas/aws/lambda/secret.js";
import { HttpServer, type Received } from "../../support/http-server.js";

const ARN = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:jwt-AbCdEf";
const VALUE = "very secret";

let server: HttpServer;
const before = { ...process.env };

beforeEach(async () => {
  server = await HttpServer.start();
  Object.assign(process.env, {
    AWS_REGION: "us-east-1",
    AWS_ACCESS_KEY_ID: "AKIDEXAMPLE",
    AWS_SECRET_ACCESS_KEY: "example-key",
    AWS_SESSION_TOKEN: "example-token",
    AWS_ENDPOINT_URL_SECRETS_MANAGER: server.url,
  });
  server.answer = (_request, response) => response.end(JSON.stringify({ ARN, SecretString: VALUE }));
});

afterEach(async () => {
  await server.close();
  process.env = { ...before };
  jest.restoreAllMocks();
});

let last = 0;
/** A secret of the guard module under a name that no other test has used, because values are cached. */
const named = (arn = ARN): string => {
  const name = `NAME_${(last += 1)}`;
  process.env[`PUSH_IT_SECRET_${name}`] = arn;
  return name;
};

/** The Authorization header that this request should carry. */
const authorization = ({ method, path, headers, body }: Received, region: string): string => {
  const signed = /SignedHeaders=([^,]+)/.exec(String(headers["authorization"]))?.[1]?.split(";") ?? [];
  const request = aws4.sign(
    {
      service: "secretsmanager",
      region,
      method,
      path,
      body,
      headers: Object.fromEntries(signed.map((name) => [name, String(headers[name])])),
      // The header that aws4 would add by itself.
      extraHeadersToIgnore: { "content-length": true },
    } as Parameters<typeof aws4.sign>[0],
    { accessKeyId: "AKIDEXAMPLE", secretAccessKey: "example-key", sessionToken: "example-token" },
  );
  return String(request.headers?.["Authorization"]);
};

describe("a secret", () => {
  // The request names the ARN and is signed with the function's credentials.
  test("is requested from Secrets Manager with a signature for its region", async () => {
    expect(await secret(named())).toBe(VALUE);
    const [request] = server.received;
    expect(request).toMatchObject({ method: "POST", path: "/", body: JSON.stringify({ SecretId: ARN }) });
    expect(request?.headers).toMatchObject({
      "x-amz-target": "secretsmanager.GetSecretValue",
      "content-type": "application/x-amz-json-1.1",
      "x-amz-security-token": "example-token",
    });
    expect(request && authorization(request, "eu-central-1")).toBe(request?.headers["authorization"]);
  });

  test("is read once for any number of guards", async () => {
    const name = named();
    expect(await Promise.all([secret(name), secret(name), secret(name)])).toEqual([VALUE, VALUE, VALUE]);
    expect(await secret(name)).toBe(VALUE);
    expect(server.received).toHaveLength(1);
  });

  test("is cached for five minutes, then its rotated value is read", async () => {
    const name = named();
    const begun = Date.now();
    const now = jest.spyOn(Date, "now");
    now.mockReturnValue(begun);
    await secret(name);
    server.answer = (_request, response) => response.end(JSON.stringify({ SecretString: "rotated" }));
    now.mockReturnValue(begun + 5 * 60_000 - 1);
    expect(await secret(name)).toBe(VALUE);
    now.mockReturnValue(begun + 5 * 60_000);
    expect(await secret(name)).toBe("rotated");
  });

  test("has a cache entry of its own", async () => {
    server.answer = ({ body }, response) => response.end(JSON.stringify({ SecretString: body }));
    const [one, other] = [named(), named(`${ARN}-other`)];
    expect(await secret(one)).toContain(ARN);
    expect(await secret(other)).toContain(`${ARN}-other`);
  });
});

describe("a secret that cannot be read", () => {
  test("rejects without a request if the stack did not grant it", async () => {
    await expect(secret("UNKNOWN")).rejects.toThrow(
      "The guard module has no secret UNKNOWN. Add it to the secrets of Guards.fromModule.",
    );
    expect(server.received).toEqual([]);
  });

  test.each([400, 403, 500])("rejects after status %i and is requested again next time", async (status) => {
    const name = named();
    server.answer = (_request, response) => response.writeHead(status).end(JSON.stringify({ Message: VALUE }));
    const error = await secret(name).catch((reason: unknown) => reason);
    expect(String(error)).toContain(`Secrets Manager answered ${status} for the secret ${name}`);
    expect(String(error)).not.toContain(VALUE);
    server.answer = (_request, response) => response.end(JSON.stringify({ SecretString: VALUE }));
    expect(await secret(name)).toBe(VALUE);
  });

  test("rejects if it is binary", async () => {
    server.answer = (_request, response) => response.end(JSON.stringify({ SecretBinary: "AAEC" }));
    await expect(secret(named())).rejects.toThrow("is binary");
  });

  test("rejects if the connection breaks, and is requested again next time", async () => {
    const name = named();
    server.answer = (_request, response) => response.destroy();
    await expect(secret(name)).rejects.toThrow();
    server.answer = (_request, response) => response.end(JSON.stringify({ SecretString: VALUE }));
    expect(await secret(name)).toBe(VALUE);
  });
});

test("neither the secret nor anything about it is logged", async () => {
  const levels = ["log", "info", "warn", "error", "debug"] as const;
  const spies = levels.map((level) => jest.spyOn(console, level).mockImplementation(() => undefined));
  await secret(named());
  server.answer = (_request, response) => response.writeHead(500).end(VALUE);
  await secret(named()).catch(() => undefined);
  for (const spy of spies) expect(spy).not.toHaveBeenCalled();
});
