import { transition, type ConnectionEvent, type State } from "../../../client/src/connection/state.js";

const STATES: State[] = ["disconnected", "connecting", "connected", "denied"];
const EVENTS: ConnectionEvent[] = ["connect", "open", "doubt", "lose", "deny", "stop"];

describe("the state machine", () => {
  it("has exactly these transitions", () => {
    const table = Object.fromEntries(
      STATES.map((state) => [state, EVENTS.map((event) => transition(state, event) ?? "-").join(" ")]),
    );
    expect(table).toEqual({
      // connect open doubt lose deny stop
      disconnected: "connecting - - - - -",
      connecting: "- connected - connecting denied disconnected",
      connected: "- - connecting connecting denied disconnected",
      denied: "connecting - - - - disconnected",
    });
  });

  it("leaves a denial only when the application connects or disconnects", () => {
    expect(EVENTS.filter((event) => transition("denied", event))).toEqual(["connect", "stop"]);
  });
});
