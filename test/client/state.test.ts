import { transition, type Happening, type State } from "../../client/src/connection/state.js";

const STATES: State[] = ["disconnected", "connecting", "connected", "denied"];
const HAPPENINGS: Happening[] = ["connect", "open", "lose", "deny", "stop"];

describe("the state machine", () => {
  it("knows these transitions and no other", () => {
    const table = Object.fromEntries(
      STATES.map((state) => [state, HAPPENINGS.map((happening) => transition(state, happening) ?? "-").join(" ")]),
    );
    expect(table).toEqual({
      // connect open lose deny stop
      disconnected: "connecting - - - -",
      connecting: "- connected connecting denied disconnected",
      connected: "- - connecting denied disconnected",
      denied: "connecting - - - disconnected",
    });
  });

  it("leaves a denial only when the application asks", () => {
    const ways = HAPPENINGS.filter((happening) => transition("denied", happening));
    expect(ways).toEqual(["connect", "stop"]);
  });
});
