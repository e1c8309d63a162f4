// Child process of crash.test.ts: a chat whose answers never end by themselves. Prints its address.

import { chatServer } from "./chat-server.ts";
import { on, passage, scriptedTarget } from "./scripted-target.ts";

const target = scriptedTarget(async function* () {
  yield on.start("search");
  yield on.done("search");
  yield on.output("documents", [passage(1, "Everyone has 30 days of leave.")]);
  yield on.start("answer");
  yield on.text("Everyone has 30 days of leave [1]. ");
  for (let i = 0; ; i++) {
    yield on.text(`piece${i} `);
    await new Promise((resolve) => setTimeout(resolve, 4));
  }
});
const server = await chatServer(target, { folder: process.argv[2] ?? "" });
process.stdout.write(`${server.url}\n`);
