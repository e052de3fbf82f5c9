import { randomFillSync } from "node:crypto";
import { type BackEndResponse, newId } from "../protocol/index.js";
import { ErasureTable } from "./aws/erasure-table.js";
import { isUrlEvent, overHttp } from "./aws/function-url.js";
import { MembersTable } from "./aws/members-table.js";
import { OccupancyNotes } from "./aws/occupancy-notes.js";
import { createPublishing } from "./aws/publishing.js";
import { Unavailable } from "./aws/unavailable.js";
import { serve } from "./core/serve.js";

const system = createPublishing();
const { table, clock } = system;
const attendance = { members: new MembersTable(table, clock), occupancy: new OccupancyNotes(table, clock) };
const erasure = new ErasureTable(table, clock);
const serving = { ...system, ...attendance, erasure, newUuid: () => newId(randomFillSync) };

/** The codes of what was refused. */
const refusals = (response: BackEndResponse): string[] => {
  if ("code" in response) return [response.code];
  return "results" in response ? response.results.flatMap((each) => (each.accepted ? [] : each.code)) : [];
};

/**
 * Answers who invoked the function. Who did so asynchronously reads no response: so what was refused is logged, and what
 * failed is thrown, so that Lambda tries again.
 */
const invoked = async (request: unknown): Promise<BackEndResponse> => {
  try {
    const response = await serve(serving, request);
    const codes = refusals(response);
    // The error of a whole request is one of ours, and says nothing of what it held.
    const why = "error" in response ? { error: response.error } : {};
    if (codes.length > 0) system.log.error("publication_refused", { codes, ...why });
    return response;
  } catch (error) {
    system.log.error("request_failed", { error: String(error) });
    throw new Unavailable();
  }
};

/** The Lambda behind no route: what the back end asks for (docs/SERVER.md), by invoking it or through its URL. */
export const handler = (event: unknown): Promise<unknown> =>
  isUrlEvent(event) ? overHttp(event, (request) => serve(serving, request), system.log) : invoked(event);
