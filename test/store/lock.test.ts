import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, readdir, rm, utimes, writeFile } from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import path from "node:path";
import { after, before, describe, it } from "node:test";
import { lockState } from "../../src/store/lock.ts";
import { code, sourceModule } from "../program.ts";

describe("state folder lock", () => {
  let folder = "";
  const file = (): string => path.join(folder, "flowstead.lock");
  before(async () => {
    folder = await mkdtemp(path.join(tmpdir(), "flowstead-lock-"));
  });
  after(() => rm(folder, { recursive: true, force: true }));

  /** A process that takes the lock and prints whether it got it. */
  function locker(): ReturnType<typeof spawn> {
    const text = `import("${sourceModule("src/store/lock.ts")}").then(({ lockState }) => lockState(process.argv[1])).then(
      () => { console.log("got"); setInterval(() => {}, 1000); },
      (error) => { console.log(error.code); });`;
    return spawn(process.execPath, [...code(text), folder], { stdio: ["ignore", "pipe", "inherit"] });
  }
  async function firstLine(child: ReturnType<typeof spawn>): Promise<string> {
    const [chunk] = (await once(child.stdout as NodeJS.ReadableStream, "data")) as [Buffer];
    return chunk.toString().trim();
  }

  it("lets one in, names it to the second, and is free after release", async () => {
    const lock = await lockState(folder);
    await assert.rejects(lockState(folder), { code: "StateLocked", message: new RegExp(`process ${process.pid} `) });
    await lock.release();
    await lock.release();
    const again = await lockState(folder);
    await again.release();
    assert.deepEqual(await readdir(folder), []);
  });

  it("is taken over from a process that was killed", async () => {
    const child = locker();
    assert.equal(await firstLine(child), "got");
    await assert.rejects(lockState(folder), { code: "StateLocked", message: new RegExp(`process ${child.pid} `) });
    child.kill("SIGKILL");
    await once(child, "close");
    const lock = await lockState(folder);
    await lock.release();
  });

  it("does not take a process that got the dead one's id for its holder", async () => {
    await writeFile(
      file(),
      JSON.stringify({ pid: process.pid, started: "another-boot/1", host: hostname(), since: 1, token: "t" }),
    );
    const lock = await lockState(folder);
    await lock.release();
  });

  it("believes another machine while its lock is fresh", async () => {
    const holder = { pid: 1, started: "", host: "some-other-host", since: Date.now(), token: "t" };
    await writeFile(file(), JSON.stringify(holder));
    await assert.rejects(lockState(folder), { code: "StateLocked", message: /on some-other-host/ });
    const old = new Date(Date.now() - 60_000);
    await utimes(file(), old, old);
    const lock = await lockState(folder);
    await lock.release();
  });

  it("replaces a lock file that its maker left empty", async () => {
    await writeFile(file(), "");
    const old = new Date(Date.now() - 60_000);
    await utimes(file(), old, old);
    const lock = await lockState(folder);
    assert.equal(JSON.parse(await readFile(file(), "utf8")).pid, process.pid);
    await lock.release();
  });

  it("lets exactly one of many take over", async () => {
    await writeFile(file(), JSON.stringify({ pid: 999_999_999, started: "", host: hostname(), since: 1, token: "t" }));
    const results = await Promise.allSettled(Array.from({ length: 20 }, () => lockState(folder)));
    const got = results.filter((result) => result.status === "fulfilled");
    assert.equal(got.length, 1);
    for (const result of results) {
      if (result.status === "rejected") assert.equal((result.reason as { code: string }).code, "StateLocked");
    }
    await got[0]?.value.release();
  });
});
