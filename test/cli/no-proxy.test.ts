import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { proxyFor } from "../../src/cli/connect/proxy.js";

describe("NO_PROXY", () => {
  const before = { ...process.env };
  beforeEach(() => {
    for (const name of Object.keys(process.env)) if (/_proxy$/i.test(name)) delete process.env[name];
    process.env.ALL_PROXY = "http://proxy.example:3128";
  });
  afterEach(() => {
    for (const name of ["ALL_PROXY", "NO_PROXY"]) {
      if (before[name] === undefined) delete process.env[name];
      else process.env[name] = before[name];
    }
  });

  for (const [entry, exempt, not] of [
    [
      "example.com",
      ["https://example.com", "https://a.b.EXAMPLE.com", "https://example.com.:8443"],
      ["https://badexample.com", "https://example.com.org"],
    ],
    [".example.com", ["https://example.com", "https://a.example.com"], ["https://badexample.com"]],
    ["*.example.com", ["https://a.example.com"], ["https://badexample.com"]],
    ["EXAMPLE.com:8443", ["https://example.com:8443", "https://a.example.com:8443"], ["https://example.com"]],
    ["example.com:443", ["https://example.com"], ["http://example.com"]],
    [
      "10.1.2.3",
      ["http://10.1.2.3", "http://10.1.2.3:8080"],
      ["http://10.1.2.4", "http://110.1.2.3", "http://10.1.2.3.example"],
    ],
    ["10.1.2.3:8080", ["http://10.1.2.3:8080"], ["http://10.1.2.3"]],
    ["10.0.0.0/8", ["https://10.255.0.1", "http://10.0.0.0:1"], ["https://11.0.0.1", "https://10.example"]],
    ["10.1.2.3/31", ["https://10.1.2.2"], ["https://10.1.2.4"]],
    ["172.16.0.0/12", ["https://172.31.255.255"], ["https://172.32.0.0"]],
    ["0.0.0.0/0", ["https://198.51.100.1"], ["https://[2001:db8::1]", "https://example.com"]],
    ["10.0.0.0/99", ["https://10.0.0.0"], ["https://10.0.0.1"]],
    ["2001:db8::1", ["https://[2001:db8::1]", "https://[2001:db8:0:0::1]:8443"], ["https://[2001:db8::2]"]],
    ["[2001:db8::1]:8443", ["https://[2001:db8::1]:8443"], ["https://[2001:db8::1]"]],
    ["2001:db8::/32", ["https://[2001:db8:ffff::1]"], ["https://[2001:db9::1]", "https://32.1.13.184"]],
    ["fd00::/8", ["https://[fdff::1]"], ["https://[fc00::1]"]],
    ["*", ["https://example.com", "https://10.0.0.1", "https://[fd00::1]"], []],
    ["", [], ["https://example.com", "https://10.0.0.1"]],
    ["com", ["https://example.com"], ["https://example.org"]],
    [". / : [] :443 /8", [], ["https://example.com", "https://10.0.0.1"]],
  ] as const) {
    test(`of "${entry}"`, () => {
      process.env.NO_PROXY = ` other.example,${entry} `;
      const isExempt = (url: string) => proxyFor(url) === undefined;
      expect([exempt.filter(isExempt), not.filter(isExempt)]).toEqual([exempt, []]);
    });
  }
});
