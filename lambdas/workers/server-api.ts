import { randomFillSync } from "node:crypto";
import { type ServerApiResponse, newId } from "../../protocol/index.js";
import { ErasureTable } from "../aws/dynamodb/erasure-table.js";
import { isUrlEvent, overHttp } from "../aws/lambda/function-url.js";
import { MembersTable } from "../aws/dynamodb/members-table.js";
import { OccupancyWriter } from "../aws/dynamodb/occupancy-writer.js";
import { createPublishDependencies } from "../aws/publish-dependencies.js";
import { Unavailable } from "../aws/lambda/unavailable.js";
import { handleServerRequest } from "../server-api/server-api.js";

const system = createPublishDependencies();
const { table, clock } = system;
const presence = { members: new MembersTable(table, clock), occupancy: new OccupancyWriter(table, clock) };
const erasure = new ErasureTable(table, clock);
const dependencies = { ...system, ...presence, erasure, newUuid: () => newId(randomFillSync) };

/** The fields of the log line about refusals; `undefined` if there are none. */
const refusals = (response: ServerApiResponse): { codes: string[]; uuids?: string[]; error?: string } | undefined => {
  // The error text of a whole request is our own, and has no content of the request.
  if ("code" in response) return { codes: [response.code], ...("error" in response && { error: response.error }) };
  const refused = "results" in response ? response.results.filter(({ accepted }) => !accepted) : [];
  if (refused.length === 0) return undefined;
  const uuids = refused.flatMap(({ uuid }) => uuid ?? []);
  return { codes: refused.flatMap((each) => (each.accepted ? [] : each.code)), ...(uuids.length > 0 && { uuids }) };
};

/**
 * Serves an invocation. Asynchronous callers never see the response. So refusals are logged, and failures are thrown, so
 * that Lambda retries.
 */
const invoked = async (request: unknown): Promise<ServerApiResponse> => {
  try {
    const response = await handleServerRequest(dependencies, request);
    const refused = refusals(response);
    if (refused) system.log.error("publication_refused", refused);
    return response;
  } catch (error) {
    system.log.error("request_failed", { error: String(error) });
    throw new Unavailable();
  }
};

/** Serves an HTTP request. Its caller reads the response, so a refusal is not an error of this function. */
const served = async (request: unknown): Promise<ServerApiResponse> => {
  const response = await handleServerRequest(dependencies, request);
  const refused = refusals(response);
  if (refused) system.log.info("publication_refused", refused);
  return response;
};

/** The Lambda behind no route: the server API (docs/SERVER.md), by invocation or through its URL. */
export const handler = (event: unknown): Promise<unknown> =>
  isUrlEvent(event) ? overHttp(event, served, system.log) : invoked(event);
