#!/usr/bin/env node
// The command's first lines: they turn on V8's compile cache, where this Node has one (from 22.1 on), and load the rest,
// since only what is loaded later comes from the cache. It is in a folder of the user's own, not in /tmp: whoever can
// write to it can change what runs.
import * as nodeModule from "node:module";

const { enableCompileCache } = nodeModule as { enableCompileCache?: (folder: string) => unknown };
const { XDG_CACHE_HOME: cache, HOME: home, LOCALAPPDATA: appData } = process.env;
const folder = cache || (home && `${home}/.cache`) || appData;
if (folder) enableCompileCache?.(`${folder}/zitadel-refresh-tokens`);
await import("./run.js");
