import { router } from "../../../../local/services/gateway/routes/routing.js";
import { apiModel, OK } from "./harness.js";

const run = () => OK;

describe("routing", () => {
  const route = router(apiModel({ $connect: run, $disconnect: run, $default: run, publish: run, "7": run }));

  it.each([
    ['{"action":"publish"}', "publish"],
    ['{"action":7}', "7"],
    ['{"action":"unknown"}', "$default"],
    ['{"channel":"x"}', "$default"],
    ["not JSON", "$default"],
    ['{"action":"$default"}', "$default"],
    ['{"action":"$connect"}', "$default"],
    ['{"action":"$disconnect"}', "$default"],
    ['{"action":"constructor"}', "$default"],
    ['{"action":"__proto__"}', "$default"],
  ])("%s goes to %s", (body, routeKey) => expect(route(body)?.routeKey).toBe(routeKey));

  it("finds nothing for them without $default", () => {
    const strict = router(apiModel({ $connect: run, publish: run }));
    expect(strict('{"action":"publish"}')?.routeKey).toBe("publish");
    expect(strict('{"action":"$connect"}')).toBeUndefined();
    expect(strict("not JSON")).toBeUndefined();
  });
});
