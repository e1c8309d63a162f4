import assert from "node:assert/strict";
import { test } from "node:test";
import { hostOf, isLoopback } from "../../src/network/address.ts";

test("only well-formed names of this machine count as loopback", () => {
  for (const host of [
    "localhost",
    "localhost:8080",
    "127.0.0.1:80",
    "127.9.9.9",
    "[::1]:8080",
    "chat.localhost:1",
    "LOCALHOST",
  ]) {
    assert.ok(isLoopback(hostOf(host)), host);
  }
  const foreign = [
    "",
    "evil.example",
    "127.0.0.1.evil.example",
    "[::1]evil.com",
    "localhost:80@evil.com",
    "127.0.0.999",
    "a localhost",
    "localhost/x",
    "[::2]",
    "10.0.0.1",
  ];
  for (const host of foreign) assert.ok(!isLoopback(hostOf(host)), host);
});
