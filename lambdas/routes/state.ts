import { ManagementApi } from "../aws/api-gateway/management-api.js";
import { route } from "../aws/api-gateway/route.js";
import { createDependencies, createPresenceRecorder } from "../aws/create-dependencies.js";
import { openHistories } from "../aws/open-histories.js";
import { changeState, readState } from "../presence/presence-state.js";
import { RateLimiter } from "../requests/rate-limiter.js";
import { STATE_CHANGES } from "../requests/request-rates.js";

const system = createDependencies();
const connections = new ManagementApi(system.log);
const { table, clock, settings } = system;
// The function reads no history itself, but its guard may.
openHistories(system);
const changing = {
  ...system,
  presence: createPresenceRecorder(table),
  rate: new RateLimiter(STATE_CHANGES, clock, settings.limits.ratesPerUser),
};

/** The Lambda behind `state`: the state of a member of a channel. */
export const handler = route({ ...system, connections }, async ({ body }, agent) => {
  const read = readState(body);
  return "faults" in read ? read.faults : [await changeState(changing, agent, read.request)];
});
