import { execFile, spawnSync } from "node:child_process";
import type { CallerCredentials } from "../../../local/core/credentials.js";

/** The result of a request. */
export interface CurlAnswer {
  status: number;
  /** By name in lower case; the last one of each. */
  headers: Record<string, string>;
  body: string;
}

const without = spawnSync("curl", ["--version"]).status !== 0;

const mandatory = Boolean(process.env["CI"] ?? process.env["PUSH_IT_REQUIRE_ALL"]);

/** A test that needs curl. Without curl it is skipped, and reported as skipped. */
export const curlTest = without && !mandatory ? test.skip : test;

const run = (args: string[]): Promise<string> =>
  new Promise((resolve, reject) => {
    execFile("curl", args, (error, stdout) => (error ? reject(new Error(error.message)) : resolve(stdout)));
  });

/**
 * Asks with curl, signing as its manual says.
 * @param signer empty: the request is not signed
 */
export const curl = async (url: string, signer: Partial<CallerCredentials>, ...more: string[]): Promise<CurlAnswer> => {
  const { accessKeyId, secretAccessKey, sessionToken } = signer;
  const signature =
    accessKeyId === undefined
      ? []
      : ["--user", `${accessKeyId}:${secretAccessKey}`, "--aws-sigv4", "aws:amz:us-east-1:lambda"];
  const token = sessionToken === undefined ? [] : ["-H", `x-amz-security-token: ${sessionToken}`];
  const output = await run([
    "--silent",
    "--show-error",
    "--max-time",
    "25",
    "--include",
    ...signature,
    ...token,
    ...more,
    url,
  ]);
  const end = output.indexOf("\r\n\r\n");
  const [first = "", ...lines] = output.slice(0, end).split("\r\n");
  const headers = Object.fromEntries(
    lines.map((line) => [line.split(":", 1)[0]!.toLowerCase(), line.slice(line.indexOf(":") + 1).trim()]),
  );
  return { status: Number(first.split(" ")[1]), headers, body: output.slice(end + 4) };
};
