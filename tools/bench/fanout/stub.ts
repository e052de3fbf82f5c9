import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { subscriptionItem } from "../../../lambdas/aws/dynamodb/items.js";

/**
 * A stub of API Gateway and DynamoDB in its own process. `@connections` accepts each frame, and the table answers a
 * Query and a Scan with prepared pages, so that no database is measured. The table's name contains the number of
 * subscribers. Ends with its parent.
 */

/** A connection id in API Gateway's format. */
const idOf = (at: number): string => `L0SM9c${String(at).padStart(6, "0")}CIhw=`;

/** 10,000 small rows are less than the 1 MB of a DynamoDB page. */
const rowsOf = (count: number): { sk: { S: string } }[] => {
  const item = subscriptionItem({ connectedAt: Date.now() - 600_000 });
  return Array.from({ length: count }, (_, at) => ({ sk: { S: idOf(at) }, ...item }));
};

const pages = new Map<string, Buffer>();

const page = (operation: string, count: number): Buffer => {
  const kept = pages.get(`${operation}${count}`);
  if (kept) return kept;
  const rows = rowsOf(count);
  const items = operation === "Scan" ? rows.map(({ sk }) => ({ connectionId: sk })) : rows;
  const made = Buffer.from(JSON.stringify({ Items: items, Count: count, ScannedCount: count }));
  pages.set(`${operation}${count}`, made);
  return made;
};

let posts = 0;

const answer = (request: IncomingMessage, body: Buffer, response: ServerResponse): void => {
  if (request.url !== "/") {
    posts += 1;
    return void response.writeHead(200, { "Content-Length": 0, Connection: "keep-alive" }).end();
  }
  const operation = String(request.headers["x-amz-target"]).split(".")[1] ?? "";
  const { TableName: table } = JSON.parse(body.toString()) as { TableName: string };
  const rows = page(operation, Number(table.split("-")[1]));
  response.writeHead(200, { "Content-Type": "application/x-amz-json-1.0", "Content-Length": rows.length }).end(rows);
};

const server = createServer({ keepAliveTimeout: 600_000 }, (request, response) => {
  const chunks: Buffer[] = [];
  request.on("data", (chunk: Buffer) => chunks.push(chunk));
  request.on("end", () => answer(request, Buffer.concat(chunks), response));
});

server.listen(0, "127.0.0.1", () => process.send?.({ port: (server.address() as AddressInfo).port }));

/** Any request returns the number of frames since the last request. */
process.on("message", () => {
  process.send?.({ posts });
  posts = 0;
});
process.on("disconnect", () => process.exit());
