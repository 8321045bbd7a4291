// A program: a local ZITADEL with the faults that it is given. In a process of its own, for what could end that process.
import { startLocalZitadel } from "../../src/testing.js";

const zitadel = await startLocalZitadel({ faults: JSON.parse(process.argv[2] ?? "") });
process.once("disconnect", () => zitadel.close());
process.send?.({ url: zitadel.url, token: zitadel.users[0].token });
