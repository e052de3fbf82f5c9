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
const attendance = { members: new MembersTable(table, clock), occupancy: new OccupancyWriter(table, clock) };
const erasure = new ErasureTable(table, clock);
const serving = { ...system, ...attendance, erasure, newUuid: () => newId(randomFillSync) };

/** What the log says of what was refused; `undefined` where nothing was. */
const refusals = (response: ServerApiResponse): { codes: string[]; uuids?: string[]; error?: string } | undefined => {
  // The error of a whole request is one of ours, and says nothing of what it held.
  if ("code" in response) return { codes: [response.code], ...("error" in response && { error: response.error }) };
  const refused = "results" in response ? response.results.filter(({ accepted }) => !accepted) : [];
  if (refused.length === 0) return undefined;
  const uuids = refused.flatMap(({ uuid }) => uuid ?? []);
  return { codes: refused.flatMap((each) => (each.accepted ? [] : each.code)), ...(uuids.length > 0 && { uuids }) };
};

/**
 * Answers who invoked the function. Who did so asynchronously reads no response: so what was refused is logged, and what
 * failed is thrown, so that Lambda tries again.
 */
const invoked = async (request: unknown): Promise<ServerApiResponse> => {
  try {
    const response = await handleServerRequest(serving, request);
    const refused = refusals(response);
    if (refused) system.log.error("publication_refused", refused);
    return response;
  } catch (error) {
    system.log.error("request_failed", { error: String(error) });
    throw new Unavailable();
  }
};

/** Answers over HTTP: who asks reads the answer, so what was refused is no error of this function. */
const served = async (request: unknown): Promise<ServerApiResponse> => {
  const response = await handleServerRequest(serving, request);
  const refused = refusals(response);
  if (refused) system.log.info("publication_refused", refused);
  return response;
};

/** The Lambda behind no route: what the back end asks for (docs/SERVER.md), by invoking it or through its URL. */
export const handler = (event: unknown): Promise<unknown> =>
  isUrlEvent(event) ? overHttp(event, served, system.log) : invoked(event);
