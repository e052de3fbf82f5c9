// Builds the SDK into a folder, as scripts/build.mjs does, and two applications that use all of it, as their bundler
// makes them: node build-client.mjs FOLDER
import { join } from "node:path";
import { applicationOf, libraryFiles } from "../../../scripts/libraries.mjs";
import { write } from "../../../scripts/output.mjs";

const [folder] = process.argv.slice(2);
for (const { path, text } of await libraryFiles(join(import.meta.dirname, "../../.."), (library) =>
  join(folder, library),
)) {
  write(path, text);
}
for (const name of ["index", "core"]) {
  write(
    join(folder, `client/${name}-application.mjs`),
    await applicationOf([`./esm/${name}.js`], join(folder, "client")),
  );
}
