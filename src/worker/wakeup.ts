/** Lets idle loops sleep until rung or until their time is up. A ring while nobody sleeps is kept for the next. */
export class Wakeup {
  #isRung = false;
  readonly #sleepers = new Set<() => void>();

  ring(): void {
    this.#isRung = true;
    for (const wake of this.#sleepers) wake();
  }

  async wait(ms: number): Promise<void> {
    if (!this.#isRung) {
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
    this.#isRung = false;
  }
}
