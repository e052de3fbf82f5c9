import { randomUUID } from "node:crypto";
import type { Place } from "../../core/place.js";
import type { Invoker } from "../../core/invoker.js";
import type { ScheduleModel } from "../../assembly/model/schedules.js";

/** The event that a rule's function gets. */
export const scheduledEvent = ({ logicalId }: ScheduleModel, place: Place, now: Date) => ({
  version: "0",
  id: randomUUID(),
  "detail-type": "Scheduled Event",
  source: "aws.events",
  account: place.account,
  time: `${now.toISOString().slice(0, 19)}Z`,
  region: place.region,
  resources: [`arn:${place.partition}:events:${place.region}:${place.account}:rule/${logicalId}`],
  detail: {},
});

/** Runs functions by the clock. */
export class Schedules {
  #timers: NodeJS.Timeout[] = [];

  /**
   * @param everyMs a period for all schedules instead of their own, in milliseconds
   */
  constructor(
    private readonly invoker: Invoker,
    private readonly place: Place,
    private readonly everyMs?: number,
  ) {}

  /** Replaces the schedules. */
  set(schedules: ScheduleModel[]): void {
    this.close();
    this.#timers = schedules.map((schedule) => {
      const run = () => void this.invoker.invoke(schedule.functionId, scheduledEvent(schedule, this.place, new Date()));
      return setInterval(run, this.everyMs ?? schedule.everyMs).unref();
    });
  }

  /** Stops all schedules. */
  close(): void {
    for (const timer of this.#timers) clearInterval(timer);
  }
}
