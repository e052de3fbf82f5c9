import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import sparticuz from "@sparticuz/chromium";
import { type Browser, chromium } from "playwright-core";

const require = createRequire(__filename);

/** What the package holds besides Chromium itself: fonts, a software renderer, the libraries of Amazon Linux 2023. */
const ARCHIVES = ["chromium.br", "fonts.tar.br", "swiftshader.tar.br", "al2023.tar.br"];

/**
 * Unpacks in a process of its own, because the package takes its folder from `TMPDIR`; with the package's own
 * function for that, because its public one takes whatever lies at `/tmp/chromium`, also when an interrupted run left
 * half of it there, and leaves the libraries out except in a Lambda.
 */
const UNPACK = `
  const { default: files } = require(process.argv[1]);
  Promise.all(process.argv.slice(2).map((archive) => files.inflate(archive))).catch((error) => {
    console.error(error);
    process.exit(1);
  });
`;

/** Where the unpacked browser is: one folder per version, complete or not there at all. */
const unpacked = async (): Promise<string> => {
  const manifest = require.resolve("@sparticuz/chromium/package.json");
  const { version } = require(manifest) as { version: string };
  const home = join(tmpdir(), `push-it-aws-chromium-${version}-${process.getuid?.() ?? 0}`);
  if (existsSync(home)) return home;
  const staging = mkdtempSync(join(tmpdir(), "push-it-aws-chromium-"));
  const files = join(dirname(manifest), "build/lambdafs.js");
  const archives = ARCHIVES.map((name) => join(dirname(manifest), "bin", name));
  await promisify(execFile)(process.execPath, ["-e", UNPACK, files, ...archives], {
    env: { ...process.env, TMPDIR: staging },
  });
  writeFileSync(join(staging, "fonts.conf"), FONTS.replaceAll("HOME", home));
  try {
    renameSync(staging, home);
  } catch (error) {
    // Another process was faster.
    rmSync(staging, { recursive: true, force: true });
    if (!existsSync(home)) throw error;
  }
  return home;
};

/** The fonts of the package first, so that pages look the same everywhere; then the system's, where it has any. */
const FONTS = `<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <dir>HOME/fonts</dir>
  <dir>/usr/share/fonts</dir>
  <cachedir>HOME/fonts-cache</cachedir>
  <alias><family>system-ui</family><prefer><family>Open Sans</family></prefer></alias>
  <alias><family>sans-serif</family><prefer><family>Open Sans</family></prefer></alias>
</fontconfig>
`;

/** The environment in which the unpacked browser finds its libraries, whatever the system has of them. */
const browserEnvironment = (home: string): Record<string, string> => ({
  HOME: home,
  PATH: process.env.PATH ?? "",
  LD_LIBRARY_PATH: join(home, "al2023/lib"),
  FONTCONFIG_FILE: join(home, "fonts.conf"),
});

/** What the package's flags switch off that a page should be tested with. */
const UNWANTED = [
  "--disable-web-security",
  "--allow-running-insecure-content",
  "--single-process",
  "--window-size=1920,1080",
];

/** What keeps a browser from talking to anybody but the page under test. */
const QUIET = [
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--no-pings",
  "--proxy-server=direct://",
];

/** How to start the headless Chromium that `npm ci` brought: nothing is downloaded, and no library of the system is needed. */
export const chromiumCommand = async (): Promise<{
  executablePath: string;
  args: string[];
  env: Record<string, string>;
}> => {
  const home = await unpacked();
  return {
    executablePath: join(home, "chromium"),
    args: [...sparticuz.args.filter((flag) => !UNWANTED.includes(flag) && !flag.startsWith("--headless")), ...QUIET],
    env: browserEnvironment(home),
  };
};

/** Starts it, driven by Playwright, which sees to it that every page has the focus. */
export const launchChromium = async (): Promise<Browser> =>
  await chromium.launch({ ...(await chromiumCommand()), headless: true });
