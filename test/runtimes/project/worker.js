// In workerd.
import { run } from "./contract.js";

export default {
  async fetch(request) {
    return Response.json(await run(await request.json()));
  },
};
