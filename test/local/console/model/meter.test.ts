import { billRows, fetchMeter } from "../../../../local/console/model/meter.js";
import { meterInfo } from "../../../../local/dev/pages/info.js";
import { Meter } from "../../../../local/meter/meter.js";

const metered = () => {
  const meter = new Meter({ callerOf: () => undefined });
  meter.received(1);
  meter.sent('{"channel":"a","uuid":"1","data":1}');
  return meterInfo(meter);
};

describe("the bill in the page", () => {
  it("has the usage, the sum, and the price of a million deliveries", () => {
    expect(billRows(metered())).toEqual([
      { what: "API Gateway messages in", used: "1", usd: "$0.00000100" },
      { what: "API Gateway messages out", used: "1", usd: "$0.00000100" },
      { what: "together", used: "", usd: "$0.00000200", sum: true },
      { what: "per million deliveries", used: "1", usd: "$2.00", sum: true },
    ]);
  });

  it("is empty as long as nothing was used", () => {
    expect(billRows(meterInfo(new Meter({ callerOf: () => undefined })))).toEqual([]);
  });

  it("comes from the page's server, if it meters", async () => {
    const info = metered();
    expect(await fetchMeter(() => Promise.resolve(Response.json(info)))).toEqual(info);
    expect(await fetchMeter(() => Promise.resolve(new Response("Not Found", { status: 404 })))).toBeUndefined();
    expect(await fetchMeter(() => Promise.reject(new TypeError("Failed to fetch")))).toBeUndefined();
  });
});
