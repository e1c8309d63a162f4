export type { Headers } from "../../../network/retry-after.ts";
