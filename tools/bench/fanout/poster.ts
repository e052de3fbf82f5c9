import { type DeliveryMethod, publishers } from "./delivery-methods.js";

/** One delivery method in its own process. It publishes on request, and measures itself. */

/** The times of one publication, in milliseconds except for the CPU. */
export interface PublishTimes {
  /** From the publication to the first post: reading the subscribers. */
  readMs: number;
  /** From the first post to the last answer. */
  postMs: number;
  /** CPU of this process with all threads, including the reads, in microseconds. */
  cpuMicros: number;
}

const [path, url] = process.argv.slice(2) as [DeliveryMethod, string];
const publish = publishers[path](url);

const measured = async (subscribers: number): Promise<PublishTimes> => {
  const cpu = process.cpuUsage();
  const begun = performance.now();
  let posting = begun;
  await publish(subscribers, () => (posting = performance.now()));
  const ended = performance.now();
  const { user, system } = process.cpuUsage(cpu);
  return { readMs: posting - begun, postMs: ended - posting, cpuMicros: user + system };
};

process.on("message", ({ subscribers }: { subscribers: number }) => {
  measured(subscribers).then(
    (published) => process.send?.(published),
    (error: unknown) => process.send?.({ error: String((error as Error).stack ?? error) }),
  );
});
process.on("disconnect", () => process.exit());
process.send?.({ ready: true });
