import { serve } from "./child.js";
import { Crowd, type CrowdState } from "./crowd.js";

/** What the process that holds a crowd can be asked. */
export interface CrowdWorks {
  connect(count: number): Promise<void>;
  subscribe(): Promise<void>;
  hold(seconds: number): Promise<void>;
  state(): CrowdState;
}

void serve(({ url }: { url: string }) => {
  const crowd = new Crowd(url);
  const works: CrowdWorks = {
    connect: (count) => crowd.connect(count),
    subscribe: () => crowd.subscribe(),
    hold: (seconds) => crowd.hold(seconds),
    state: () => crowd.state,
  };
  return Promise.resolve({ works, close: () => crowd.end() });
});
