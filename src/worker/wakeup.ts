/**
 * Lets idle loops sleep until rung or until their time is up. A ring wakes one of them: who finds more than it can do rings
 * again. A ring while nobody sleeps is kept for the next.
 */
export class Wakeup {
  #isRung = false;
  readonly #sleepers = new Set<() => void>();

  ring(): void {
    const [wake] = this.#sleepers;
    if (wake === undefined) this.#isRung = true;
    else wake();
  }

  ringAll(): void {
    for (const wake of this.#sleepers) wake();
    this.#isRung = true;
  }

  async wait(ms: number): Promise<void> {
    if (this.#isRung) {
      this.#isRung = false;
      return;
    }
    await new Promise<void>((resolve) => {
      const wake = () => {
        clearTimeout(timer);
        this.#sleepers.delete(wake);
        resolve();
      };
      const timer = setTimeout(wake, ms);
      this.#sleepers.add(wake);
    });
  }
}
