import { TestSystem } from "../../e2e/support/system.js";
import { Cuttable } from "../cuttable.js";
import type { Engine, EngineName, Json, RunningBrowser } from "../engines/engine.js";
import { type Beginning, Site } from "../site.js";
import { TalkPage } from "../talk-page.js";

/** A test that every engine passes, or only the named ones. */
export interface BrowserTest {
  /** The behaviour that it shows. */
  title: string;
  /** The engines whose drivers can do what it needs; otherwise all. */
  engines?: readonly EngineName[];
  /** Does it. */
  run(world: World): Promise<void>;
}

const GUARDS = `
  export default {
    onConnectionRequest(agent) {
      if (agent.credentials?.token === "expired") agent.connectionDenied("This token has expired: sign in again.");
      else agent.connected();
    },
    onSubscriptionRequest(channel, agent) {
      if (channel.name.startsWith("drafts/")) agent.subscriptionDenied(channel, "Only editors may read drafts.");
      else agent.subscribe(channel);
    },
    onPublicationRequest(channel, agent, message) {
      channel.publish(message);
      agent.publicationSuccess(message);
    },
  };
`;

/** Waits of an SDK that tries again soon, so that a test does not wait for a user's patience. */
const SOON = { retryBase: 200 };

/** The parts that the tests of one engine share: a browser, a Push-It, and a web server. */
export class World {
  readonly #ways: Cuttable[] = [];
  readonly #pages: TalkPage[] = [];

  private constructor(
    private readonly system: TestSystem,
    /** The engine's browser. */
    readonly browser: RunningBrowser,
    private readonly site: Site,
  ) {}

  static async start(engine: Engine): Promise<World> {
    const [system, browser, site] = await Promise.all([
      TestSystem.start({ guards: GUARDS, props: { channels: { "kept/*": { history: {} } } } }),
      engine.launch(),
      Site.start(),
    ]);
    return new World(system, browser, site);
  }

  /** Opens the page in a new tab, and waits until it is subscribed to its channels. */
  async open(
    options: Record<string, Json> = {},
    { way, ...beginning }: Partial<Beginning> & { way?: Cuttable } = {},
  ): Promise<TalkPage> {
    const page = await TalkPage.open(this.browser, this.site, {
      options: { url: this.url(way), ...SOON, ...options },
      ...beginning,
    });
    this.#pages.push(page);
    return page;
  }

  /** The stage's URL, as it is reached directly or by some way. */
  url(way?: Cuttable): string {
    const url = new URL(this.system.running.websocketUrl);
    if (way) url.port = String(way.port);
    return url.href;
  }

  /** A way to the stage that can fail. */
  async way(): Promise<Cuttable> {
    const way = await Cuttable.to(Number(new URL(this.url()).port));
    this.#ways.push(way);
    return way;
  }

  /** The address of an empty page of the same site. */
  get elsewhere(): string {
    return this.site.elsewhere;
  }

  /** Closes what a test has opened. */
  async tidy(): Promise<void> {
    for (const { tab } of this.#pages.splice(0)) {
      await tab.setFrozen?.(false);
      await tab.setOffline?.(false);
      await tab.close();
    }
    await Promise.all(this.#ways.splice(0).map((way) => way.close()));
  }

  /** Ends everything. */
  async close(): Promise<void> {
    await this.browser.close();
    await Promise.all([this.site.close(), this.system.close()]);
  }
}
