// What the system says of a file, in words for people.

import assert from "node:assert/strict";
import { test } from "node:test";
import { FlowsteadError, isFullDisk } from "../../src/base/error/error.ts";

test("a file that may not grow is told as a store that is full, each with what mends it", () => {
  const thrown = (code: string): Error => Object.assign(new Error(`${code}: no, write`), { code });
  const wanted: [string, RegExp][] = [
    ["ENOSPC", /^There is no room on the disk \(ENOSPC: no, write\)\. Free some space/],
    ["EDQUOT", /^There is no room on the disk \(EDQUOT: no, write\)\. Free some space/],
    ["EFBIG", /^A file has reached the size that this process may write \(EFBIG: no, write\)\. Raise .*ulimit -f/],
  ];
  for (const [code, message] of wanted) {
    const error = FlowsteadError.from(thrown(code));
    assert.equal(error.code, "StoreFull");
    assert.match(error.message, message);
  }
  assert.equal(isFullDisk(thrown("EIO")), false);
});
