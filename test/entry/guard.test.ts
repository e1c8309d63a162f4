// By which names the entry is called, as its certificate changes.

import assert from "node:assert/strict";
import { test } from "node:test";
import { originGuard } from "../../src/entry/guard.ts";
import type { CertificatePair } from "../../src/network/certificate.ts";
import type { ServedRequest } from "../../src/network/served-exchange.ts";
import { testAuthority } from "../fake/certificate.ts";

test("a name that a renewed certificate has no more is refused, also where the call before came by it", async () => {
  const authority = await testAuthority();
  const issue = (value: string): Promise<CertificatePair> =>
    authority.issue({ serial: "0a", names: [{ type: "dns" as const, value }] });
  const [old, renewed] = [await issue("old.example"), await issue("new.example")];
  const certificate = {
    pair: old,
    change: (_pair: CertificatePair): void => {},
    onChange(listener: (pair: CertificatePair) => void) {
      this.change = listener;
    },
  };
  const check = originGuard({ certificate });
  const call = (host: string): void =>
    check({
      method: "GET",
      httpVersion: "1.1",
      rawHeaders: ["host", host],
      headers: { host },
    } as unknown as ServedRequest);
  call("old.example");
  certificate.pair = renewed;
  certificate.change(renewed);
  assert.throws(() => call("old.example"), { code: "Forbidden" });
  call("new.example");
});
