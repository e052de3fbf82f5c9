import { join } from "node:path";
import type { Browser, BrowserContext } from "playwright-core";
import { launchChromium } from "../../browser/chromium.js";
import { ROOT, run } from "../processes.js";
import { sees, sendFrom } from "../../browser/examples/chat-user.js";
import { enter, NextProject } from "./next-project.js";

/* npm installs Next.js for this test alone, with PUSH_IT_TEST_INSTALL=1, as .ci/run sets it. */
const whenInstalling = process.env["PUSH_IT_TEST_INSTALL"] === "1" ? describe : describe.skip;

whenInstalling("the template next", () => {
  let project: NextProject;
  let browser: Browser;
  const logged: string[] = [];

  /** The cookies of a user of their own, and what the user's pages write to the console. */
  const newUser = async (): Promise<BrowserContext> => {
    const context = await browser.newContext();
    context.on("weberror", (error) => logged.push(String(error.error())));
    context.on("console", (line) => {
      if (["error", "warning"].includes(line.type())) logged.push(line.text());
    });
    return context;
  };

  beforeAll(async () => {
    project = new NextProject();
    browser = await launchChromium();
  }, 300_000);

  afterAll(async () => {
    await browser?.close();
    await project?.remove();
  });

  it("has the right types", () => {
    project.next("typegen");
    run(process.execPath, [join(ROOT, "node_modules/typescript/bin/tsc"), "--project", project.folder]);
  }, 300_000);

  it("lets two users talk, and its server publishes", async () => {
    const url = await project.start();
    const [adas, graces] = [await newUser(), await newUser()];
    const [ada, grace] = [await enter(adas, url, "Ada"), await enter(graces, url, "Grace")];
    await sendFrom(ada, "Hello, Grace");
    await sees(grace, "Hello, Grace");
    await grace.getByRole("button", { name: "Ring the bell" }).click();
    await sees(ada, "Grace rings the bell.");
    await ada.getByText(/^Here: (Ada, Grace|Grace, Ada)$/).waitFor();

    // The server renders for the user of the cookie.
    await ada.reload();
    await sees(ada, "Grace rings the bell.");
    expect(await (await adas.request.get(url)).text()).toContain("Sign out");
    const value = (await adas.cookies())[0]!.value;
    await graces.addCookies([{ name: "session", value: value.replace(/.$/, "!"), url }]);
    expect(await (await graces.request.get(url)).text()).toContain("Your name");
    expect(await (await graces.request.get(`${url}/token`)).json()).toEqual({});

    await ada.getByRole("button", { name: "# staff" }).click();
    await ada.getByText("This room is for staff.").waitFor();
    expect(logged).toEqual([]);
  }, 300_000);
});
