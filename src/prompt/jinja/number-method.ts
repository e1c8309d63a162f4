// The few methods of numbers that a template can use.

import { type Method, methods } from "./method.ts";
import { type Numeric, asDouble, isFloating } from "./number.ts";

export const NUMBER_METHODS: ReadonlyMap<string, Method<Numeric | boolean>> = methods<Numeric | boolean>({
  is_integer: (self) => Number.isInteger(asDouble(self as Numeric)),
  bit_length: (self) => (isFloating(self as Numeric) ? null : magnitude(self).toString(2).replace(/^0$/, "").length),
});

function magnitude(value: Numeric | boolean): bigint {
  const whole = BigInt(Number(value));
  return whole < 0n ? -whole : whole;
}
