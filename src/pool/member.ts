import { Bag, type Placed } from "../base/bag.ts";
import type { FlowsteadError } from "../base/error/error.ts";
import { Breaker, type BreakerOptions } from "./breaker.ts";

export interface MemberSettings<T> {
  /** Unique in its pool; stands in logs and events. */
  id: string;
  value: T;
  /** Share of calls among members of one priority. Default 1. */
  weight?: number;
  /** Members with the lowest number are used first; the others when those are out. Default 0. */
  priority?: number;
  zone?: string;
  region?: string;
  /** Whether it may take calls at once. Default true; false for members that a health check must let in. */
  ready?: boolean;
}

/** How a call ended, as far as it says something about the member. */
export type Outcome = "success" | "failure" | "neutral";

export interface LeaseEnd {
  outcome: Outcome;
  /** The member takes no calls for this long, whatever the outcome. */
  cooldownMs?: number;
  reason?: FlowsteadError;
}

/** One call in flight. `end` may be called more than once; the first call counts. */
export interface Lease<T> {
  readonly member: Member<T>;
  end(how: LeaseEnd): void;
  /** Called when the member is given up while the call is in flight. */
  onLost: ((reason: FlowsteadError) => void) | undefined;
}

export type MemberStatus = "available" | "cooling" | "open" | "unready" | "draining";

export interface MemberEvent {
  type: "ready" | "unready" | "draining" | "cooling" | "circuit-open" | "circuit-closed";
  member: string;
  reason?: FlowsteadError;
  cooldownMs?: number;
}

export interface MemberContext {
  now: () => number;
  breaker?: BreakerOptions;
  onEvent: (event: MemberEvent) => void;
}

/** What a pool knows about one of its members: readiness, calls in flight, cooldown and circuit. */
export class Member<T> {
  readonly id: string;
  readonly value: T;
  readonly weight: number;
  readonly priority: number;
  readonly zone: string | undefined;
  readonly region: string | undefined;
  readonly #context: MemberContext;
  readonly #breaker: Breaker;
  readonly #leases = new Bag<CallLease<T>>();
  #ready: boolean;
  #draining = false;
  #cooldownUntil = 0;
  #lastEndAt = 0;
  #lastFailure: FlowsteadError | undefined;
  #whenIdle: (() => void)[] = [];

  constructor(settings: MemberSettings<T>, context: MemberContext) {
    this.id = settings.id;
    this.value = settings.value;
    this.weight = settings.weight ?? 1;
    this.priority = settings.priority ?? 0;
    this.zone = settings.zone;
    this.region = settings.region;
    this.#ready = settings.ready ?? true;
    this.#context = context;
    this.#breaker = new Breaker(context.breaker);
  }

  get inFlight(): number {
    return this.#leases.size;
  }

  /** For how long it has had calls in flight of which none ended; 0 without a call. */
  get silentMs(): number {
    return this.#leases.size === 0 ? 0 : this.#context.now() - this.#lastEndAt;
  }

  get isReady(): boolean {
    return this.#ready;
  }

  get isDraining(): boolean {
    return this.#draining;
  }

  /** Why it last failed; kept until a call succeeds. */
  get lastFailure(): FlowsteadError | undefined {
    return this.#lastFailure;
  }

  status(): MemberStatus {
    const now = this.#context.now();
    if (this.#draining) return "draining";
    if (!this.#ready) return "unready";
    if (now < this.#cooldownUntil) return "cooling";
    return this.#breaker.allows(now) ? "available" : "open";
  }

  /** Milliseconds until it may take a call by itself; 0 when it may now, undefined when no time is known. */
  waitMs(): number | undefined {
    if (this.#draining || !this.#ready) return undefined;
    const now = this.#context.now();
    const waitMs = Math.max(this.#cooldownUntil - now, this.#breaker.waitMs(now), 0);
    return waitMs === 0 && !this.#breaker.allows(now) ? undefined : waitMs;
  }

  /** Puts a call on the member. The only way in; the lease's `end` is the only way out. */
  begin(): Lease<T> {
    const { isTrial } = this.#breaker.enter(this.#context.now());
    const lease = new CallLease(this, isTrial, this.#onEnd);
    if (this.#leases.size === 0) this.#lastEndAt = this.#context.now();
    this.#leases.add(lease);
    return lease;
  }

  setReady(ready: boolean, reason?: FlowsteadError): void {
    if (this.#ready === ready) return;
    this.#ready = ready;
    // What the circuit has learnt is about the time before it went away.
    if (ready) this.#breaker.reset();
    this.#tell(ready ? "ready" : "unready", { reason });
  }

  /** Takes it out and tells every call in flight, so that those which have not begun to answer move elsewhere. */
  lose(reason: FlowsteadError): void {
    this.setReady(false, reason);
    for (const lease of this.#leases.items()) lease.onLost?.(reason);
  }

  /** No new calls; settles when the calls in flight have ended. */
  drain(): Promise<void> {
    if (!this.#draining) {
      this.#draining = true;
      this.#tell("draining");
    }
    if (this.#leases.size === 0) return Promise.resolve();
    return new Promise((resolve) => this.#whenIdle.push(resolve));
  }

  readonly #onEnd = (lease: CallLease<T>, how: LeaseEnd): void => {
    if (this.#leases.delete(lease)) this.#settle(how, lease.isTrial);
  };

  #settle({ outcome, cooldownMs, reason }: LeaseEnd, isTrial: boolean): void {
    const now = this.#context.now();
    this.#lastEndAt = now;
    const before = this.#breaker.state(now);
    this.#breaker.leave(outcome, { isTrial, now });
    if (outcome === "success") this.#lastFailure = undefined;
    else if (reason && (outcome === "failure" || cooldownMs !== undefined)) this.#lastFailure = reason;
    if (cooldownMs !== undefined && cooldownMs > 0) {
      this.#cooldownUntil = Math.max(this.#cooldownUntil, now + cooldownMs);
      this.#tell("cooling", { cooldownMs, reason });
    }
    const after = this.#breaker.state(now);
    if (before !== "open" && after === "open") this.#tell("circuit-open", { reason });
    if (before !== "closed" && after === "closed") this.#tell("circuit-closed");
    if (this.#leases.size === 0) {
      for (const resolve of this.#whenIdle) resolve();
      this.#whenIdle = [];
    }
  }

  #tell(type: MemberEvent["type"], more: Omit<MemberEvent, "type" | "member"> = {}): void {
    this.#context.onEvent({ type, member: this.id, ...more });
  }
}

class CallLease<T> implements Lease<T>, Placed {
  readonly member: Member<T>;
  /** Whether the circuit waits for its outcome. */
  readonly isTrial: boolean;
  onLost: ((reason: FlowsteadError) => void) | undefined;
  place = -1;
  readonly #onEnd: (lease: CallLease<T>, how: LeaseEnd) => void;

  constructor(member: Member<T>, isTrial: boolean, onEnd: (lease: CallLease<T>, how: LeaseEnd) => void) {
    this.member = member;
    this.isTrial = isTrial;
    this.#onEnd = onEnd;
  }

  end(how: LeaseEnd): void {
    this.#onEnd(this, how);
  }
}
