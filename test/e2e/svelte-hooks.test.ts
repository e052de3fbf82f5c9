import "../client/bindings/document.js";
import { VERSION } from "svelte/compiler";
import { svelte } from "../client/svelte/framework.js";
import { bindingTests } from "./support/binding.js";

describe(`the hooks of Svelte ${VERSION}, on the local system`, () => bindingTests(svelte));
