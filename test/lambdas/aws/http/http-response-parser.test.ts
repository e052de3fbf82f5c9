import { HttpResponseParser, HttpParseError } from "../../../../lambdas/aws/http/http-response-parser.js";

const lines = (...all: string[]): string => all.join("\r\n");

/** Reads a text in pieces of this many bytes. */
const read = (text: string, size = Infinity): { reader: HttpResponseParser; complete: boolean; pieces: number } => {
  const bytes = Buffer.from(text);
  const reader = new HttpResponseParser();
  let complete = false;
  let pieces = 0;
  for (let at = 0; at < bytes.length && !complete; at += size, pieces += 1)
    complete = reader.push(bytes.subarray(at, at + size));
  return { reader, complete, pieces };
};

const whatCame = ({ reader: { status, headers, body, isReusable: reusable }, complete }: ReturnType<typeof read>) => ({
  status,
  headers,
  body,
  reusable,
  complete,
});

const ANSWERS: [string, string, ReturnType<typeof whatCame>][] = [
  [
    "with a length",
    lines(
      "HTTP/1.1 410 Gone",
      "Content-Type: application/json",
      "content-length:  8",
      "x-amzn-ErrorType: GoneException",
      "",
      "größe!",
    ),
    {
      status: 410,
      headers: { "content-type": "application/json", "content-length": "8", "x-amzn-errortype": "GoneException" },
      body: "größe!",
      reusable: true,
      complete: true,
    },
  ],
  [
    "without a body",
    lines("HTTP/1.1 200 OK", "Content-Length: 0", "", ""),
    { status: 200, headers: { "content-length": "0" }, body: "", reusable: true, complete: true },
  ],
  [
    "whose status allows no body",
    lines("HTTP/1.1 204 No Content", "Date: today", "", ""),
    { status: 204, headers: { date: "today" }, body: "", reusable: true, complete: true },
  ],
  [
    "in chunks, with an extension and a trailer",
    lines(
      "HTTP/1.1 200 OK",
      "Transfer-Encoding: Chunked",
      "",
      "a;name=value",
      "0123456789",
      "3",
      "\r\n!",
      "0",
      "x-late: yes",
      "",
      "",
    ),
    {
      status: 200,
      headers: { "transfer-encoding": "Chunked" },
      body: "0123456789\r\n!",
      reusable: true,
      complete: true,
    },
  ],
  [
    "after an interim response",
    lines("HTTP/1.1 100 Continue", "", "HTTP/1.1 200", "Content-Length: 2", "", "ok"),
    { status: 200, headers: { "content-length": "2" }, body: "ok", reusable: true, complete: true },
  ],
  [
    "that closes the connection",
    lines("HTTP/1.1 503 Slow Down", "Connection: Close", "Content-Length: 2", "", "no"),
    {
      status: 503,
      headers: { connection: "Close", "content-length": "2" },
      body: "no",
      reusable: false,
      complete: true,
    },
  ],
  [
    "of HTTP/1.0, which always closes the connection",
    lines("HTTP/1.0 200 OK", "Content-Length: 2", "", "ok"),
    { status: 200, headers: { "content-length": "2" }, body: "ok", reusable: false, complete: true },
  ],
  [
    "with a repeated header and an empty one",
    lines("HTTP/1.1 200 OK", "a: 1", "b:", "A: 2", "Content-Length: 0", "", ""),
    { status: 200, headers: { a: "1, 2", b: "", "content-length": "0" }, body: "", reusable: true, complete: true },
  ],
  [
    "without a length, which ends with the connection",
    lines("HTTP/1.1 200 OK", "", "all of it"),
    { status: 200, headers: {}, body: "all of it", reusable: false, complete: false },
  ],
];

test.each(ANSWERS)("a response %s parses alike in pieces of any size", (_, text, expected) => {
  for (let size = 1; size <= Buffer.byteLength(text); size += 1) expect(whatCame(read(text, size))).toEqual(expected);
});

test("a response is complete with its last byte, not before", () => {
  for (const [, text, { complete }] of ANSWERS.filter(([, , expected]) => expected.complete)) {
    const bytes = Buffer.byteLength(text);
    expect(read(text, 1)).toMatchObject({ complete, pieces: bytes });
  }
});

test("bytes after a response keep the connection from being used again", () => {
  for (const text of [
    lines("HTTP/1.1 200 OK", "Content-Length: 0", "", "?"),
    lines("HTTP/1.1 200 OK", "Transfer-Encoding: chunked", "", "0", "", "?"),
  ]) {
    expect(read(text)).toMatchObject({ complete: true, reader: { isReusable: false } });
  }
});

test("the end of the connection completes only responses without a length", () => {
  expect(read(lines("HTTP/1.1 200 OK", "", "half")).reader.end()).toBe(true);
  expect(read(lines("HTTP/1.1 200 OK", "Content-Length: 9", "", "half")).reader.end()).toBe(false);
  expect(read(lines("HTTP/1.1 200 OK", "Transfer-Encoding: chunked", "", "9", "half")).reader.end()).toBe(false);
  expect(read(lines("HTTP/1.1 200 OK", "Content-")).reader.end()).toBe(false);
  expect(new HttpResponseParser().end()).toBe(false);
});

test.each([
  ["another protocol", "SSH-2.0-OpenSSH_9.2\r\n\r\n"],
  ["another version", "HTTP/2 200\r\n\r\n"],
  ["an invalid status", "HTTP/1.1 2000 OK\r\n\r\n"],
  ["an invalid length", "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n"],
  ["two lengths", "HTTP/1.1 200 OK\r\nContent-Length: 1, 2\r\n\r\n"],
  ["an invalid chunk size", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzzz\r\n"],
  ["a head without an end", `HTTP/1.1 200 OK\r\nx: ${"x".repeat(100_000)}`],
])("%s is refused", (_, text) => {
  expect(() => read(text, 10_000)).toThrow(HttpParseError);
});
